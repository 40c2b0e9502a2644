namespace HyperKernels.Backends;

/// <summary>Sizes of generate-and-apply: B contexts, T rows each, I inputs, O outputs, H numbers of embedding.</summary>
/// <param name="Batch">B.</param>
/// <param name="Rows">T.</param>
/// <param name="Inputs">I.</param>
/// <param name="Outputs">O.</param>
/// <param name="Embedding">H.</param>
/// <param name="Reassociate">
/// Multiplies the outer products of x and z with the generator, instead of generating weights tile by tile. A backend with one way only
/// may take it for both.
/// </param>
internal readonly record struct GenerateSizes(int Batch, int Rows, int Inputs, int Outputs, int Embedding, bool Reassociate = false)
{
    /// <summary>What the weights of all contexts take, written out.</summary>
    public long WeightBytes => (long)sizeof(float) * Batch * Inputs * Outputs;

    public long GeneratorBytes => (long)sizeof(float) * Inputs * Outputs * Embedding;
}

/// <summary>Weights generated and applied in one go.</summary>
internal interface IGenerateBackend
{
    /// <summary>
    /// y[b,t,o] = sum_i x[b,t,i] (base[o,i] + sum_h z[b,h] generator[o,i,h]), generating a tile of weights at a time; no more than about a
    /// megabyte of them exists per thread. base may be absent.
    /// </summary>
    void GenerateLinear(in GenerateSizes sizes, BufferRef x, BufferRef z, BufferRef generator, BufferRef? baseWeight, BufferRef y);

    /// <summary>The gradients of <see cref="GenerateLinear"/> by each operand that is wanted, again a tile of weights at a time.</summary>
    void GenerateLinearGradient(
        in GenerateSizes sizes, BufferRef x, BufferRef z, BufferRef generator, BufferRef? baseWeight, BufferRef gradient,
        BufferRef? dx, BufferRef? dz, BufferRef? dGenerator, BufferRef? dBase);
}
