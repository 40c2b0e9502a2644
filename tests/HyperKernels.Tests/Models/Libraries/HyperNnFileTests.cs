using HyperKernels.Cases;
using HyperKernels.IO;
using HyperKernels.Layers;
using HyperKernels.Models;

namespace HyperKernels.Tests.Models.Libraries;

public sealed class HyperNnFileTests
{
    [Test]
    public void Read_GivesTheWeightsAndAnswersThatHyperNnGave()
    {
        using TestData.TemporaryFolder folder = TestData.Temporary();
        using MemoryScope scope = new();
        ReferenceCase source = LibraryFiles.Case("hypernn_linear_chunks");
        StateFile.Write(folder.File("model.safetensors"), Linear(source));
        using HyperNetwork network = HyperNnFile.Read(folder.File("model.safetensors"), new Mlp([4, 6, 3]));
        LibraryFiles.Same(source, "y", network.Forward(LibraryFiles.Input(source, "x")));
    }

    [Test]
    public void ReadDynamic_GivesTheAnswersThatHyperNnGave_StepByStep()
    {
        using TestData.TemporaryFolder folder = TestData.Temporary();
        using MemoryScope scope = new();
        ReferenceCase source = LibraryFiles.Case("hypernn_dynamic_rnn");
        Dictionary<string, HostArray> state = LibraryFiles.State(source, static name => name
            .Replace("rnn.", "embedding_module.rnn_cell.", StringComparison.Ordinal)
            .Replace("generator.", "weight_generator.", StringComparison.Ordinal) is var renamed && renamed == "embedding" ? "embedding_module.embedding.weight" : renamed);
        state.Add("__device_param_dummy__", new HostArray([], [0]));
        state.Add("embedding_module.__device_param_dummy__", new HostArray([], [0]));
        StateFile.Write(folder.File("model.safetensors"), state.ToDictionary(static pair => $"policy.{pair.Key}", static pair => pair.Value));
        using DynamicHyperNetwork network = HyperNnFile.ReadDynamic(folder.File("model.safetensors"), new Mlp([5, 4, 2], Activation.Tanh), prefix: "policy.");
        Tensor x = LibraryFiles.Input(source, "x");
        (Tensor first, Tensor before) = network.Forward(Ops.Slice(x, 0, 0, 1));
        (Tensor second, Tensor after) = network.Forward(Ops.Slice(x, 0, 1, 1), before);
        LibraryFiles.Same(source, "y", Ops.Concatenate(0, first, second));
        LibraryFiles.Same(source, "state", after);
    }

    [Test]
    public void Read_OfWhatDoesNotFit_NamesTheTensor()
    {
        using TestData.TemporaryFolder folder = TestData.Temporary();
        string path = folder.File("model.safetensors");
        Dictionary<string, HostArray> whole = Linear(LibraryFiles.Case("hypernn_linear_chunks"));
        Assert.Multiple(() =>
        {
            Refuses(whole, new Mlp([4, 7, 3]), "its 5 chunks of 11 values must make the target's 59 weights (0.weight [7, 4], ");
            Refuses(new(whole) { ["weight_generator.bias"] = new(new float[10], [10]) }, new Mlp([4, 6, 3]), "\"weight_generator.bias\" must be [11]; it is [10]");
            Refuses(new(whole) { ["extra"] = new([1], [1]) }, new Mlp([4, 6, 3]), "it also has \"extra\"");
            Assert.That(() => HyperNnFile.ReadDynamic(path, new Mlp([4, 6, 3])),
                Throws.TypeOf<InvalidDataException>().With.Message.Contains("must hold \"embedding_module.embedding.weight\""));
        });

        void Refuses(Dictionary<string, HostArray> state, Layer target, string message)
        {
            StateFile.Write(path, state);
            Assert.That(() => HyperNnFile.Read(path, target), Throws.TypeOf<InvalidDataException>().With.Message.Contains(message));
        }
    }

    internal static Dictionary<string, HostArray> Linear(ReferenceCase source)
    {
        Dictionary<string, HostArray> state = LibraryFiles.State(source, static name => name == "embedding" ? "embedding_module.weight" : $"weight_{name}");
        state.Add("__device_param_dummy__", new HostArray([], [0]));
        return state;
    }
}
