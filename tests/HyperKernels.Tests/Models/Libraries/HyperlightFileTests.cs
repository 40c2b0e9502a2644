using HyperKernels.Cases;
using HyperKernels.IO;
using HyperKernels.Layers;
using HyperKernels.Models;

namespace HyperKernels.Tests.Models.Libraries;

public sealed class HyperlightFileTests
{
    [TestCase("mip_cossin_residual")]
    [TestCase("mip_cossin_plain")]
    [TestCase("mip_z1mz_residual")]
    [TestCase("mip_none_residual")]
    [TestCase("mip_cossin_no_hidden")]
    public void Read_GivesTheWeightsAndAnswersThatHyperlightGave(string name)
    {
        using TestData.TemporaryFolder folder = TestData.Temporary();
        using MemoryScope scope = new();
        ReferenceCase source = LibraryFiles.Case(name);
        StateFile.Write(folder.File("model.safetensors"), LibraryFiles.State(source, NameOf));
        Tensor gamma = Ops.Reshape(LibraryFiles.Input(source, "gamma"), 1, -1);
        bool isRaw = source.Text("encoding") == "none";
        bool isComplement = source.Text("encoding") == "z|1-z";
        int size = gamma.Shape[1];

        using HyperNetwork network = HyperlightFile.Read(
            folder.File("model.safetensors"),
            name == "mip_cossin_no_hidden" ? Target(3, 4) : Target(5, 7),
            [isRaw ? Condition.Raw("gamma", size) : Condition.Unit("gamma", size)],
            isRaw ? Encoding.None : isComplement ? Encoding.Complement : null,
            source.Text("activation") switch { "tanh" => Activation.Tanh, "gelu" => Activation.Gelu, _ => null });

        LibraryFiles.Same(source, "theta", network.Generate(gamma));
        LibraryFiles.Same(source, "y", network.Forward(LibraryFiles.Input(source, "x"), gamma));
        Assert.That(((FullEmission)network.Emission).Theta0 is null, Is.EqualTo(name == "mip_cossin_plain"));
    }

    [Test]
    public void Read_LaysInputsOutInAlphabeticalOrder_ForARowPerSample()
    {
        using TestData.TemporaryFolder folder = TestData.Temporary();
        using MemoryScope scope = new();
        ReferenceCase source = LibraryFiles.Case("mip_two_inputs_per_sample");
        StateFile.Write(folder.File("model.safetensors"), LibraryFiles.State(source, NameOf));
        using HyperNetwork network = HyperlightFile.Read(folder.File("model.safetensors"), Target(3, 6), [Condition.Unit("t", 2), Condition.Unit("s")]);
        LibraryFiles.Same(source, "y", network.Forward(LibraryFiles.Input(source, "x"), LibraryFiles.Input(source, "t"), LibraryFiles.Input(source, "s")));
    }

    [Test]
    public void Read_OfALargerModel_TakesTheTargetsOwnLayersToo()
    {
        using TestData.TemporaryFolder folder = TestData.Temporary();
        using MemoryScope scope = new();
        ReferenceCase source = LibraryFiles.Case("mip_conv_target");
        Dictionary<string, HostArray> state = LibraryFiles.State(source, static name =>
            name.StartsWith("own.", StringComparison.Ordinal) ? $"mainnet.{name["own.".Length..]}" : $"hypernet.{NameOf(name)}");
        StateFile.Write(folder.File("model.safetensors"), state);
        using ConvTarget target = new();
        using HyperNetwork network = HyperlightFile.Read(
            folder.File("model.safetensors"), target, [Condition.Unit("gamma", 2)], parameters: "conv*", prefix: "hypernet.", targetPrefix: "mainnet.");
        LibraryFiles.Same(source, "y", network.Forward(LibraryFiles.Input(source, "x"), Ops.Reshape(LibraryFiles.Input(source, "gamma"), 1, 2)));

        state.Remove("mainnet.fc.bias");
        StateFile.Write(folder.File("model.safetensors"), state);
        Assert.That(
            () => HyperlightFile.Read(
                folder.File("model.safetensors"), target, [Condition.Unit("gamma", 2)], parameters: "conv*", prefix: "hypernet.", targetPrefix: "mainnet."),
            Throws.TypeOf<InvalidDataException>().With.Message.Contains(
                "must hold \"mainnet.fc.bias\" [3], which the target has and the hypernetwork does not generate; it has no such tensor"));
    }

    [Test]
    public void Read_OfWhatDoesNotFit_NamesTheTensor()
    {
        using TestData.TemporaryFolder folder = TestData.Temporary();
        ReferenceCase source = LibraryFiles.Case("mip_cossin_residual");
        string path = folder.File("model.safetensors");
        Dictionary<string, HostArray> whole = LibraryFiles.State(source, NameOf);
        Assert.Multiple(() =>
        {
            Refuses(whole, Target(5, 8), 3, "\"backbone.output.weight\" must be [66, 16]: a row for every value of the target's parameters that fit \"*\" (0.weight [8, 5], ");
            Refuses(whole, Target(5, 7), 2,
                "\"backbone.block0_lin.weight\" must have a column for each of the 4 numbers that the inputs gamma (2) come to with the encoding CosSin; it is [8, 6]");
            Refuses(Without("backbone.block0_lin.bias"), Target(5, 7), 3, "must hold \"backbone.block0_lin.bias\"; it has \"");
            Refuses(Without("backbone.output.weight"), Target(5, 7), 3, "must hold \"backbone.output.weight\"");
            Refuses(new(whole) { ["backbone.block2_norm.weight"] = new HostArray([1], [1]) }, Target(5, 7), 3, "it also has \"backbone.block2_norm.weight\"");
            Refuses(whole.ToDictionary(static pair => $"net.{pair.Key}", static pair => pair.Value), Target(5, 7), 3, "give the prefix of its names");
        });

        Dictionary<string, HostArray> Without(string name) => whole.Where(pair => pair.Key != name).ToDictionary(static pair => pair.Key, static pair => pair.Value);

        void Refuses(Dictionary<string, HostArray> state, Layer target, int inputs, string message)
        {
            StateFile.Write(path, state);
            Assert.That(() => HyperlightFile.Read(path, target, [Condition.Unit("gamma", inputs)]), Throws.TypeOf<InvalidDataException>().With.Message.Contains(message));
        }
    }

    internal static string NameOf(string name) => name switch
    {
        "out.weight" => "backbone.output.weight",
        "theta0" => "backbone.output.bias",
        _ => $"backbone.block{name["hidden".Length..].Replace(".", "_lin.", StringComparison.Ordinal)}",
    };

    private static Sequential Target(int inputs, int hidden) => new(new Linear(inputs, hidden), new LeakyRelu(0.01f), new Linear(hidden, 2));

    private sealed class ConvTarget : TensorLayer
    {
        private readonly Conv2d _first;
        private readonly Conv2d _second;
        private readonly Linear _last;

        public ConvTarget()
        {
            _first = Add("conv1", new Conv2d(1, 3, 3, padding: 1));
            _second = Add("conv2", new Conv2d(3, 4, 3));
            _last = Add("fc", new Linear(4, 3));
        }

        public override Tensor Forward(Tensor input) =>
            _last.Forward(Ops.Mean(Ops.LeakyRelu(_second.Forward(Ops.LeakyRelu(_first.Forward(input)))), [2, 3]));
    }
}
