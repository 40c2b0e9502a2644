using System.Globalization;
using HyperKernels.Cases;
using HyperKernels.IO;
using HyperKernels.Layers;
using HyperKernels.Models;

namespace HyperKernels.Tests.Models.Libraries;

public sealed class HypnettorchFileTests
{
    [TestCase("cl_full_hypernet", false)]
    [TestCase("cl_full_hypernet_with_input", false)]
    [TestCase("cl_chunked_hypernet", false)]
    [TestCase("cl_chunked_hypernet", true)]
    [TestCase("cl_chunked_hypernet_own_chunks", false)]
    [TestCase("cl_chunked_hypernet_own_chunks", true)]
    public void Read_GivesTheWeightsAndAnswersThatHypnettorchGave(string name, bool oneNameEach)
    {
        using TestData.TemporaryFolder folder = TestData.Temporary();
        using MemoryScope scope = new();
        ReferenceCase source = LibraryFiles.Case(name);
        StateFile.Write(folder.File("model.safetensors"), State(source, oneNameEach));
        bool isSmall = name == "cl_chunked_hypernet_own_chunks";
        using TensorLayer target = isSmall ? new Linear(4, 3) : name.EndsWith("input", StringComparison.Ordinal) ? new Mlp([3, 4, 2]) : new Mlp([4, 5, 3]);

        using HyperNetwork network = HypnettorchFile.Read(folder.File("model.safetensors"), target);

        bool hasList = source.Tensors.ContainsKey("in.ids");
        Tensor ids = hasList ? LibraryFiles.Input(source, "ids") : Tensor.From([source.Int("task")], [1]);
        Tensor[] conditions = source.Tensors.ContainsKey("in.external") ? [LibraryFiles.Input(source, "external"), ids] : [ids];
        LibraryFiles.Same(source, "theta", network.Generate(conditions));
        if (source.Tensors.ContainsKey("in.x"))
        {
            LibraryFiles.Same(source, "y", network.Forward(LibraryFiles.Input(source, "x"), conditions));
        }
    }

    [Test]
    public void Read_WithoutBiases_TellsLayersFromChunksByTheirShapes()
    {
        using TestData.TemporaryFolder folder = TestData.Temporary();
        using MemoryScope scope = new();
        using Mlp target = new([4, 5, 3]);
        RandomStream random = new(1);
        Shape[] chunked = [[3], [3], [6, 5], [10, 6], [5, 2]];
        Shape[] full = [[3], [3], [6, 3], [43, 6]];
        HyperNetwork[] networks = [Read(chunked), Read(full)];
        Assert.That(networks[0].Emission, Is.TypeOf<TaskChunkEmission>());
        Assert.That(networks[1].Emission, Is.TypeOf<FullEmission>());
        Assert.That(networks.Select(static network => network.Generate(Tensor.From([1, 0])).Shape), Is.All.EqualTo(new Shape(2, 43)));

        HyperNetwork Read(Shape[] shapes)
        {
            StateFile.Write(folder.File("model.safetensors"), shapes.Select((shape, i) => (shape, i)).ToDictionary(
                static pair => $"_internal_params.{pair.i}", pair => HostArray.Of(Ops.RandomNormal(pair.shape, random))));
            return HypnettorchFile.Read(folder.File("model.safetensors"), target);
        }
    }

    [Test]
    public void Read_OfWhatDoesNotFit_NamesTheTensor()
    {
        using TestData.TemporaryFolder folder = TestData.Temporary();
        string path = folder.File("model.safetensors");
        Dictionary<string, HostArray> whole = State(LibraryFiles.Case("cl_full_hypernet"), oneNameEach: false);
        using Mlp target = new([4, 5, 3]);
        Assert.Multiple(() =>
        {
            Refuses(new(whole) { ["_batchnorm_layers.0.num_batches_tracked"] = new([1], [1]) }, target, "it also has \"_batchnorm_layers.0.num_batches_tracked\"");
            Refuses(new(whole) { ["_layer_bias_vectors.0"] = new(new float[6], [6]) }, target,
                "\"_layer_bias_vectors.0\" must be the tensor that also stands under \"_internal_params.\"");
            Refuses(whole.Where(static pair => pair.Key != "_internal_params.4").ToDictionary(), target, "for the target's 43 weights; they are [4], [4], [4], [6, 4]");
            Refuses(whole, new Mlp([4, 6, 3]), "for the target's 51 weights");
            Refuses(whole.ToDictionary(static pair => $"hnet.{pair.Key}", static pair => pair.Value), target, "must hold \"_internal_params.0\"");
        });

        void Refuses(Dictionary<string, HostArray> state, Layer own, string message)
        {
            StateFile.Write(path, state);
            Assert.That(() => HypnettorchFile.Read(path, own), Throws.TypeOf<InvalidDataException>().With.Message.Contains(message));
        }
    }

    /// <summary>The library's names, in the order in which its constructors make the parameters.</summary>
    internal static Dictionary<string, HostArray> State(ReferenceCase source, bool oneNameEach)
    {
        string[] names = [.. source.All("param.").Select(static pair => pair.Name)];
        IEnumerable<string> tasks = names.Where(static name => name.StartsWith("task_emb", StringComparison.Ordinal)).OrderBy(static name => Number(name, "task_emb"));
        int layers = names.Count(static name => name[0] == 'w');
        IEnumerable<string> weights = Enumerable.Range(0, layers).SelectMany(static i => new[] { $"w{i}", $"b{i}" });
        IEnumerable<string> chunks = names.Where(static name => name.StartsWith("chunk_emb", StringComparison.Ordinal)).OrderBy(static name => Number(name, "chunk_emb"));
        string[] inner = [.. tasks, .. weights];
        string[] all = [.. inner, .. chunks];
        bool isChunked = all.Length > inner.Length;
        Dictionary<string, HostArray> state = [];
        for (int i = 0; i < all.Length; i++)
        {
            HostArray values = LibraryFiles.Array(source, $"param.{all[i]}");
            bool isInner = isChunked && i < inner.Length;
            if (isInner)
            {
                state.Add($"_hnet._internal_params.{i}", values);
            }
            if (!isInner || !oneNameEach)
            {
                state.Add($"_internal_params.{i}", values);
            }
            if (!oneNameEach && all[i][0] is 'w' or 'b')
            {
                string list = all[i][0] == 'w' ? "_layer_weight_tensors" : "_layer_bias_vectors";
                state.TryAdd($"{list}.{all[i][1..]}", values);
                if (isChunked)
                {
                    state.TryAdd($"_hnet.{list}.{all[i][1..]}", values);
                }
            }
        }
        return state;
    }

    private static int Number(string name, string prefix) =>
        name.Length == prefix.Length ? 0 : int.Parse(name[prefix.Length..], CultureInfo.InvariantCulture);
}
