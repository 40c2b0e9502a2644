using System.Text.Json;
using HyperKernels.Layers;

namespace HyperKernels.Cases;

/// <summary>Magnitude invariant hypernetworks: encodings, base weights, and targets with one weight set or one per sample.</summary>
public sealed class MipSystem : IReferenceSystem
{
    private const int Draws = 20;

    /// <inheritdoc/>
    public string Name => "MIP";

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, Tensor> Run(ReferenceRun run)
    {
        ReferenceCase source = run.Case;
        if (!run.HasInput("x"))
        {
            return InitialScales(run);
        }
        (string Name, Tensor Rows)[] inputs = Inputs(run);
        Layer target = run.Own(Target(source));
        bool residual = source.Flag("residual", otherwise: run.HasParameter("theta0"));
        float slope = (float)source.Number("leaky_slope", Activation.DefaultSlope);
        Activation activation = HyperTargets.Activation(source, source.Text("activation", "leakyrelu"), slope);
        HyperNetwork network = run.Own(HyperNetwork.For(
            target,
            [.. inputs.Select(static input => Condition.Unit(input.Name, input.Rows.Shape[1]))],
            options: new HyperNetworkOptions
            {
                Encoding = EncodingOf(source),
                Hidden = Integers(source.Config.GetProperty("hidden")),
                Activation = activation,
                Base = residual ? BaseWeights.Zero : BaseWeights.None,
                Where = Generated(source),
                Random = new RandomStream(0),
            }));
        using IDisposable weights = HyperTargets.Use(run, network, static name => name
            .Replace("generator.", "", StringComparison.Ordinal)
            .Replace("emission.weight", "out.weight", StringComparison.Ordinal)
            .Replace("emission.theta0", "theta0", StringComparison.Ordinal)
            .Replace("target.", "own.", StringComparison.Ordinal));
        Tensor[] conditions = [.. inputs.Select(static input => input.Rows)];
        Tensor z = network.Conditioning.Forward(conditions);
        Tensor theta = network.Generate(conditions);
        Tensor y = network.Forward(run.Input("x"), conditions);
        // Cases with one weight set store it without the axis of sets.
        bool single = source.Tensor("out.theta").Shape.Rank == 1;
        return new Dictionary<string, Tensor>
        {
            ["z"] = single ? Ops.Reshape(z, [(int)z.Count]) : z,
            ["theta"] = single ? Ops.Reshape(theta, [(int)theta.Count]) : theta,
            ["y"] = y,
        };
    }

    private static (string Name, Tensor Rows)[] Inputs(ReferenceRun run)
    {
        string[] names = run.Case.Config.TryGetProperty("declared_inputs", out JsonElement declared)
            ? [.. declared.EnumerateArray().Select(static input => input[0].GetString()!)]
            : ["gamma"];
        return [.. names.Select(name => (name, Rows(run.Input(name))))];
    }

    private static Tensor Rows(Tensor values) => values.Rank == 2 ? values : Ops.Reshape(values, [1, (int)values.Count]);

    private static Layer Target(ReferenceCase source)
    {
        if (source.Config.TryGetProperty("target", out JsonElement words))
        {
            return HyperTargets.Parse(source, words.GetString()!);
        }
        if (source.Config.TryGetProperty("conv1", out _))
        {
            return new ConvTarget(source);
        }
        // Two linear layers with a leaky ReLU between, as long as the tensors say so.
        Shape[] weights = [.. Tensors(source).Where(static t => t.Shape.Rank == 2).Select(static t => t.Shape)];
        return new Sequential([.. weights.SelectMany(
            (w, i) => i == 0 ? [new Linear(w[1], w[0])] : (TensorLayer[])[new LeakyRelu((float)source.Number("leaky_slope", 0.01)), new Linear(w[1], w[0])])]);
    }

    private static Func<NamedParameter, bool> Generated(ReferenceCase source)
    {
        HashSet<string> names = [.. Tensors(source).Select(static t => t.Name)];
        return named => names.Contains(named.Name);
    }

    private static IEnumerable<(string Name, Shape Shape)> Tensors(ReferenceCase source) =>
        source.Config.GetProperty("target_tensors").EnumerateArray().Select(static t => (t[0].GetString()!, new Shape(Integers(t[1]))));

    private static Encoding EncodingOf(ReferenceCase source) => source.Text("encoding", "none") switch
    {
        "cos|sin" => Encoding.CosSin,
        "z|1-z" => Encoding.Complement,
        "none" => Encoding.None,
        string other => throw new InvalidDataException($"{source.Path}: the encoding \"{other}\" is not known."),
    };

    private static Dictionary<string, Tensor> InitialScales(ReferenceRun run)
    {
        Activation activation = HyperTargets.Activation(run.Case, run.Case.Text("activation"));
        double gain = MagnitudeInvariant.Gain(activation);
        int[] hidden = Integers(run.Case.Config.GetProperty("hidden"));
        (string Name, Shape Shape)[] tensors = [.. Tensors(run.Case)];
        return new Dictionary<string, Tensor>
        {
            ["std_hidden_weight"] = HyperfanSystem.Vector(run, hidden.Select(width => MagnitudeInvariant.HiddenDeviation(width, gain))),
            ["std_output_rows"] = HyperfanSystem.Vector(run, tensors.Select(t => MagnitudeInvariant.OutputDeviation(t.Shape, gain))),
            ["std_theta0"] = HyperfanSystem.Vector(run, tensors.Select(static t => MagnitudeInvariant.BaseDeviation(t.Shape))),
            ["measured_std_output_rows"] = HyperfanSystem.Vector(run, MeasuredRows(tensors, hidden, activation)),
        };
    }

    /// <summary>The deviation of the rows that a real hypernetwork starts with, tensor by tensor.</summary>
    private static double[] MeasuredRows((string Name, Shape Shape)[] tensors, int[] hidden, Activation activation)
    {
        double[] squares = new double[tensors.Length];
        for (int draw = 0; draw < Draws; draw++)
        {
            using NamedTensors target = new(tensors);
            using HyperNetwork network = HyperNetwork.For(
                target, Condition.Unit("gamma"), hidden, options: new HyperNetworkOptions { Activation = activation, Random = new RandomStream((ulong)draw) });
            float[] rows = ((FullEmission)network.Emission).Weight.OwnValue.ToArray();
            int width = network.Emission.Width;
            foreach ((ManifestEntry entry, int i) in network.Manifest.Entries.Select(static (entry, i) => (entry, i)))
            {
                ReadOnlySpan<float> own = rows.AsSpan(entry.Offset * width, entry.Count * width);
                double sum = 0;
                foreach (float value in own)
                {
                    sum += (double)value * value;
                }
                squares[i] += sum / own.Length;
            }
        }
        return [.. squares.Select(static square => Math.Sqrt(square / Draws))];
    }

    private static int[] Integers(JsonElement list) => [.. list.EnumerateArray().Select(static size => size.GetInt32())];

    /// <summary>Two convolutions whose tensors are generated, leaky ReLUs, the mean over space, and a linear layer of its own.</summary>
    private sealed class ConvTarget : TensorLayer
    {
        private readonly Conv2d _first;
        private readonly Conv2d _second;
        private readonly Linear _last;
        private readonly float _slope;

        public ConvTarget(ReferenceCase source)
        {
            _slope = (float)source.Number("leaky_slope", 0.01);
            _first = Add("conv1", Conv(source.Config.GetProperty("conv1")));
            _second = Add("conv2", Conv(source.Config.GetProperty("conv2")));
            Shape last = source.Tensor("param.own.fc.weight").Shape;
            _last = Add("fc", new Linear(last[1], last[0]));
        }

        public override Tensor Forward(Tensor input)
        {
            Tensor hidden = Ops.LeakyRelu(_first.Forward(input), _slope);
            hidden = Ops.LeakyRelu(_second.Forward(hidden), _slope);
            return _last.Forward(Ops.Mean(hidden, [2, 3]));
        }

        private static Conv2d Conv(JsonElement options) => new(
            options.GetProperty("cin").GetInt32(), options.GetProperty("cout").GetInt32(), options.GetProperty("kernel").GetInt32(),
            options.GetProperty("stride").GetInt32(), options.GetProperty("pad").GetInt32());
    }

    /// <summary>Tensors under names, to draw a hypernetwork for them.</summary>
    private sealed class NamedTensors : Layer
    {
        public NamedTensors((string Name, Shape Shape)[] tensors)
        {
            foreach ((string name, Shape shape) in tensors)
            {
                AddParameter(name.Replace('.', '_'), shape, Initializer.Zeros);
            }
        }
    }
}
