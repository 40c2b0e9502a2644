using HyperKernels.Layers;

namespace HyperKernels.Models;

/// <summary>
/// What a weight field is trained on beside its target's loss: <c>a sum_l ||W_l||_2 + b mean_l mean(u_l (W_l - V_l)^2)</c>, the second for widths of
/// which a trained network V is there, with weights u in proportion to the magnitudes of V.
/// </summary>
/// <remarks>Source: Yang, Wang, ECCV 2024 (arXiv 2410.11878), equation 4, and the authors' code, Adamdad/neumeta.</remarks>
public sealed class FieldRegulariser
{
    private const float SmallestWeight = 1e-6f;

    /// <summary>Sets the strengths.</summary>
    /// <param name="norms">a.</param>
    /// <param name="reconstruction">b.</param>
    /// <exception cref="ArgumentException">A strength is negative.</exception>
    public FieldRegulariser(float norms = 1e-4f, float reconstruction = 1)
    {
        if (!(norms >= 0 && reconstruction >= 0))
        {
            throw new ArgumentException($"FieldRegulariser: strengths must not be negative; got {norms} and {reconstruction}.");
        }
        Norms = norms;
        Reconstruction = reconstruction;
    }

    /// <summary>a.</summary>
    public float Norms { get; }

    /// <summary>b.</summary>
    public float Reconstruction { get; }

    /// <summary>The penalty of generated weights.</summary>
    /// <param name="weights">The generated tensors.</param>
    /// <param name="trained">Those of a trained network in the same order, or null.</param>
    /// <param name="reconstruction">A factor for b: the authors let it fall from 1 to 0 over the first 50 epochs.</param>
    /// <returns>A scalar.</returns>
    /// <exception cref="ArgumentException">There are no weights, or trained ones do not fit them.</exception>
    public Tensor Loss(IReadOnlyList<Tensor> weights, IReadOnlyList<HostArray>? trained = null, float reconstruction = 1)
    {
        ArgumentNullException.ThrowIfNull(weights);
        if (weights.Count == 0 || (trained is not null && trained.Count != weights.Count))
        {
            throw new ArgumentException(
                $"FieldRegulariser: as many trained tensors as generated ones are needed, and at least one; got {trained?.Count} and {weights.Count}.", nameof(weights));
        }
        Tensor norms = Ops.Sum(Ops.Stack(0, [.. weights.Select(static weight => Ops.Sqrt(Ops.Sum(Ops.Square(weight))))]));
        Tensor loss = Ops.MultiplyScalar(norms, Norms);
        float strength = Reconstruction * reconstruction;
        return trained is null || strength == 0
            ? loss
            : Ops.Add(loss, Ops.MultiplyScalar(Ops.Mean(Ops.Stack(0, [.. weights.Select((weight, i) => Distance(weight, trained[i]))])), strength));
    }

    private static Tensor Distance(Tensor weight, HostArray trained)
    {
        if (weight.Shape != trained.Shape)
        {
            throw new ArgumentException($"FieldRegulariser: the trained tensor must be {weight.Shape}; it is {trained.Shape}.", nameof(trained));
        }
        float largest = trained.Values.Max(MathF.Abs) + SmallestWeight;
        float[] shares = Array.ConvertAll(trained.Values, value => (MathF.Abs(value) + SmallestWeight) / largest);
        Tensor difference = Ops.Subtract(weight, trained.ToTensor(weight.Device));
        return Ops.Mean(Ops.Multiply(Ops.Square(difference), Tensor.From(shares, weight.Shape, weight.Device)));
    }
}
