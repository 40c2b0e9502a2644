using HyperKernels.Layers;
using HyperKernels.Models;

namespace HyperKernels.Cases;

/// <summary>Generated solutions of differential equations with their derivatives; the loss is the mean square of what the equations leave.</summary>
public sealed class HyperPinnSystem : IReferenceSystem
{
    /// <inheritdoc/>
    public string Name => "HyperPINN / HyPINO";

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, Tensor> Run(ReferenceRun run) => run.HasInput("xy") ? Embedded(run) : AdvectionDiffusion(run);

    // u_t + a u_x - nu u_xx = 0 with u(x, 0) = sin(pi x), coefficients [nu, a].
    private static Dictionary<string, Tensor> AdvectionDiffusion(ReferenceRun run)
    {
        Tensor equation = run.Input("pde");
        HyperNetwork network = run.Own(HyperPinn.For(
            run.Own(new PhysicsMlp(run.Case.Ints("dims"), random: new RandomStream(0))), equation.Shape[1], [run.Case.Int("hyper")], new RandomStream(0)));
        using IDisposable weights = HyperTargets.Use(run, network, HyperTargets.TwoLayers);
        Jet u = HyperPinn.Evaluate(network, run.Input("xt"), equation);
        Tensor nu = Coefficient(equation, 0);
        Tensor speed = Coefficient(equation, 1);
        Tensor residual = Ops.Subtract(Ops.Add(u.First(1), Ops.Multiply(speed, u.First(0))), Ops.Multiply(nu, u.Second(0)));
        Tensor start = run.Input("x0");
        Tensor at = Ops.Concatenate(2, start, Tensor.Zeros(start.Shape, run.Device));
        Tensor initial = Ops.Subtract(HyperPinn.Evaluate(network, at, equation).Value, Ops.Sin(Ops.MultiplyScalar(start, MathF.PI)));
        return new Dictionary<string, Tensor>
        {
            ["theta"] = network.Generate(equation),
            ["u"] = u.Value,
            ["ut"] = u.First(1),
            ["ux"] = u.First(0),
            ["uxx"] = u.Second(0),
            ["residual"] = residual,
            ["initial"] = initial,
            ["loss"] = Ops.Add(MeanSquare(residual), MeanSquare(initial)),
        };
    }

    // c0 u + c1 u_x + c2 u_y + c3 u_xx + c4 u_yy = source, weights linear in an embedding and stored (in, out).
    private static Dictionary<string, Tensor> Embedded(ReferenceRun run)
    {
        ReferenceCase source = run.Case;
        Tensor points = run.Input("xy");
        Tensor embedding = run.Input("pde_embedding");
        ModifiedMlp target = run.Own(new ModifiedMlp(points.Shape[2], source.Int("lat"), source.Int("layers"), random: new RandomStream(0)));
        TargetManifest manifest = TargetManifest.Of(target);
        int width = embedding.Shape[1];
        EmissionScheme plain = new((entry, size, _) => new float[entry.Count * size], static _ => null, HasBase: false);
        HyperNetwork network = run.Own(new HyperNetwork(
            target, new DeclaredConditioning([Condition.Raw("equation", width)]), new Sequential(), new HeadsEmission(manifest, width, plain)));
        Dictionary<Parameter, Tensor> values = [];
        foreach ((string name, Parameter parameter) in network.NamedParameters())
        {
            // emission.layer2.weight.weight: the head of a tensor.
            string[] parts = name.Split('.');
            int layer = int.Parse(parts[1].AsSpan()["layer".Length..], System.Globalization.CultureInfo.InvariantCulture);
            Tensor rows = run.Parameter($"head.{layer}.{parts[2]}");
            Linear linear = (Linear)target.Children[layer].Layer;
            values.Add(parameter, parts[2] == "bias"
                ? rows
                : Ops.Reshape(Ops.Permute(Ops.Reshape(rows, linear.InFeatures, linear.OutFeatures, width), 1, 0, 2), parameter.Shape));
        }
        using IDisposable weights = ParameterOverrides.Use(values);
        Jet u = HyperPinn.Evaluate(network, points, embedding);
        Tensor[] terms = [u.Value, u.First(0), u.First(1), u.Second(0), u.Second(1)];
        Tensor residual = Ops.Neg(run.Input("source"));
        System.Text.Json.JsonElement coefficients = source.Config.GetProperty("coeffs");
        for (int i = 0; i < terms.Length; i++)
        {
            residual = Ops.Add(residual, Ops.MultiplyScalar(terms[i], (float)coefficients[i].GetDouble()));
        }
        return new Dictionary<string, Tensor>
        {
            ["u"] = u.Value,
            ["ux"] = u.First(0),
            ["uy"] = u.First(1),
            ["uxx"] = u.Second(0),
            ["uyy"] = u.Second(1),
            ["residual"] = residual,
            ["loss"] = MeanSquare(residual),
        };
    }

    private static Tensor Coefficient(Tensor equation, int column) => Ops.Reshape(Ops.Slice(equation, 1, column, 1), equation.Shape[0], 1, 1);

    private static Tensor MeanSquare(Tensor values) => Ops.Mean(Ops.Square(values));
}
