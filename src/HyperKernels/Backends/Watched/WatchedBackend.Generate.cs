namespace HyperKernels.Backends.Watched;

internal sealed partial class WatchedBackend
{
    public void GenerateLinear(in GenerateSizes sizes, BufferRef x, BufferRef z, BufferRef generator, BufferRef? baseWeight, BufferRef y)
    {
        GenerateSizes given = sizes;
        Watch(new OpCall(
            nameof(GenerateLinear),
            (on, at) => on.GenerateLinear(given, at[x], at[z], at[generator], at[baseWeight], at[y]),
            () => Factors(given, x, z, generator, baseWeight).Writes(nameof(y), y, Extent.Dense(given.Batch, given.Rows, given.Outputs)))
        {
            Operations = () => Products(given),
            SumSlope = 1,
        });
    }

    public void GenerateLinearGradient(
        in GenerateSizes sizes, BufferRef x, BufferRef z, BufferRef generator, BufferRef? baseWeight, BufferRef gradient,
        BufferRef? dx, BufferRef? dz, BufferRef? dGenerator, BufferRef? dBase)
    {
        GenerateSizes given = sizes;
        Watch(new OpCall(
            nameof(GenerateLinearGradient),
            (on, at) => on.GenerateLinearGradient(
                given, at[x], at[z], at[generator], at[baseWeight], at[gradient], at[dx], at[dz], at[dGenerator], at[dBase]),
            () => Factors(given, x, z, generator, baseWeight)
                .Reads(nameof(gradient), gradient, Extent.Dense(given.Batch, given.Rows, given.Outputs))
                .Writes(nameof(dx), dx, Extent.Dense(given.Batch, given.Rows, given.Inputs))
                .Writes(nameof(dz), dz, Extent.Dense(given.Batch, given.Embedding))
                .Writes(nameof(dGenerator), dGenerator, Extent.Dense(given.Outputs, given.Inputs, given.Embedding))
                .Writes(nameof(dBase), dBase, Extent.Dense(given.Outputs, given.Inputs)))
        {
            Operations = () => 3 * Products(given),
            SumSlope = 1,
        });
    }

    private static Operands Factors(in GenerateSizes sizes, BufferRef x, BufferRef z, BufferRef generator, BufferRef? baseWeight) => new Operands()
        .Reads(nameof(x), x, Extent.Dense(sizes.Batch, sizes.Rows, sizes.Inputs))
        .Reads(nameof(z), z, Extent.Dense(sizes.Batch, sizes.Embedding))
        .Reads(nameof(generator), generator, Extent.Dense(sizes.Outputs, sizes.Inputs, sizes.Embedding))
        .Reads(nameof(baseWeight), baseWeight, Extent.Dense(sizes.Outputs, sizes.Inputs));

    // Generating every weight, and multiplying by it.
    private static double Products(in GenerateSizes sizes) => 2.0 * sizes.Batch * sizes.Outputs * sizes.Inputs * (sizes.Embedding + sizes.Rows);
}
