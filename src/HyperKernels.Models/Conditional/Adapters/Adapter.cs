namespace HyperKernels.Models;

/// <summary>The tensors of a bottleneck adapter, for all samples or one set for each (or for equal groups of them).</summary>
/// <param name="Down"><c>[r, D]</c>, or C sets of it.</param>
/// <param name="DownBias"><c>[r]</c> or <c>[C, r]</c>; null for none.</param>
/// <param name="Up"><c>[D, r]</c>, or C sets of it.</param>
/// <param name="UpBias"><c>[D]</c> or <c>[C, D]</c>; null for none.</param>
public sealed record Adapter(Weight Down, Tensor? DownBias, Weight Up, Tensor? UpBias)
{
    /// <summary>Gain of a norm before the adapter, <c>[D]</c> or <c>[C, D]</c>; null for no such norm.</summary>
    public Tensor? PreGain { get; init; }

    /// <summary>Shift of a norm before the adapter.</summary>
    public Tensor? PreShift { get; init; }

    /// <summary>Gain of a norm behind the adapter; null for no such norm.</summary>
    public Tensor? PostGain { get; init; }

    /// <summary>Shift of a norm behind the adapter.</summary>
    public Tensor? PostShift { get; init; }

    /// <summary>The epsilon of both norms.</summary>
    public float Epsilon { get; init; } = 1e-5f;

    /// <summary>Adds what the adapter gives: <c>x + LN(Up act(Down LN(x) + b_d) + b_u)</c>, with the norms that there are.</summary>
    /// <param name="input"><c>[B, ..., D]</c></param>
    /// <param name="activation">Inside the bottleneck.</param>
    /// <returns>The shape of the input.</returns>
    /// <exception cref="ArgumentException">A shape does not fit.</exception>
    public Tensor Apply(Tensor input, Activation activation)
    {
        Tensor read = PreGain is null ? input : Norm(input, PreGain.Value, PreShift);
        Tensor inside = Ops.Linear(read, Down, DownBias, activation);
        Tensor change = Ops.Linear(inside, Up, UpBias);
        return Ops.Add(input, PostGain is null ? change : Norm(change, PostGain.Value, PostShift));
    }

    private Tensor Norm(Tensor x, Tensor gain, Tensor? shift) => Ops.LayerNorm(x, 1, gain, shift, Epsilon);
}
