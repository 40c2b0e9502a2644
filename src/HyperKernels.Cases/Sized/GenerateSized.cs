using HyperKernels.Backends;

namespace HyperKernels.Cases.Sized;

/// <summary>Generated weights applied at once, at any size.</summary>
internal static class GenerateSized
{
    private static readonly (string Letter, string Meaning)[] s_letters =
        [("B", "contexts"), ("T", "rows a context"), ("I", "inputs"), ("O", "outputs"), ("H", "embedding size")];

    /// <summary>By the plan that the engine chooses.</summary>
    public static SizedOp Linear { get; } = Make("generate_linear", GeneratePlan.Auto);

    /// <summary>All weight sets first.</summary>
    public static SizedOp Materialised { get; } = Make("generate_linear_materialise", GeneratePlan.Materialise);

    /// <summary>A tile of weights at a time.</summary>
    public static SizedOp Tiled { get; } = Make("generate_linear_tile", GeneratePlan.Tile);

    /// <summary>The outer product of x and z against the generator.</summary>
    public static SizedOp Reassociated { get; } = Make("generate_linear_reassociate", GeneratePlan.Reassociate);

    /// <summary>By one plan.</summary>
    public static SizedOp At(GeneratePlan plan) => plan switch
    {
        GeneratePlan.Materialise => Materialised,
        GeneratePlan.Tile => Tiled,
        GeneratePlan.Reassociate => Reassociated,
        _ => Linear,
    };

    /// <summary>What the engine chooses at these sizes, of the forward pass alone and with gradients.</summary>
    public static (GeneratePlan Forward, GeneratePlan Train) Chosen(Sizes sizes, Device device)
    {
        GenerateSizes counts = new(sizes["B"], sizes["T"], sizes["I"], sizes["O"], sizes["H"]);
        return (GeneratePlanner.Choose(counts, device.Backend, training: false), GeneratePlanner.Choose(counts, device.Backend, training: true));
    }

    private static SizedOp Make(string name, GeneratePlan plan) => new(name, s_letters, (sizes, device) =>
    {
        (int batch, int rows, int inputs, int outputs, int embedding) = (sizes["B"], sizes["T"], sizes["I"], sizes["O"], sizes["H"]);
        Tensor x = BenchSubject.Normal([batch, rows, inputs], device, 1);
        Tensor z = BenchSubject.Normal([batch, embedding], device, 2);
        Tensor generator = BenchSubject.Normal([outputs, inputs, embedding], device, 3, 1 / MathF.Sqrt(inputs * embedding));
        Tensor weight = BenchSubject.Normal([outputs, inputs], device, 4, 1 / MathF.Sqrt(inputs));
        double weights = (double)inputs * outputs;
        // Generating B weight sets and applying them; the bytes are those of operands and result alone.
        double flops = (2.0 * batch * weights * embedding) + (2.0 * batch * rows * weights);
        double bytes = 4.0 * (x.Count + z.Count + generator.Count + weight.Count + ((double)batch * rows * outputs));
        (GeneratePlan forward, GeneratePlan train) = plan == GeneratePlan.Auto ? Chosen(sizes, device) : (plan, plan);
        return BenchSubject.Of(
            name,
            sizes.Text,
            flops,
            bytes,
            [x, z, generator, weight],
            [true, true, true, true],
            t => Ops.GenerateLinear(t[0], t[1], t[2], t[3], plan),
            (forward == train ? $"{forward}" : $"{forward}/{train}").ToLowerInvariant());
    });
}
