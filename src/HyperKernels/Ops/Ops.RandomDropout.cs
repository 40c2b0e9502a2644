namespace HyperKernels;

public static partial class Ops
{
    /// <summary>Sets elements to zero at random and scales the others: <c>y = x / (1 - p)</c> with probability 1 - p, else 0.</summary>
    /// <param name="x">Any shape.</param>
    /// <param name="probability">That an element is dropped; in [0, 1].</param>
    /// <param name="random">The stream; moves on by a quarter of the number of elements, rounded up, also where nothing is dropped.</param>
    /// <returns>Shaped as x.</returns>
    /// <exception cref="ArgumentException">The probability is not in [0, 1], or x holds integers.</exception>
    /// <remarks>
    /// Differentiable, any number of times. Which elements are dropped is not stored: the backward pass draws the same numbers again.
    /// A dropped NaN is 0. The same elements on every device. Source: Srivastava et al., JMLR 15, 2014.
    /// </remarks>
    public static Tensor Dropout(Tensor x, float probability, RandomStream random)
    {
        CheckFloat("Dropout", x);
        ArgumentNullException.ThrowIfNull(random);
        if (!(probability >= 0 && probability <= 1))
        {
            Throw.Argument($"Dropout: the probability must be in [0, 1]; got {probability}.");
        }
        return Dropout(x, probability, random.Take(x.Count));
    }

    private static Tensor Dropout(Tensor x, float probability, RandomState from)
    {
        Tensor dense = Dense(x);
        Tensor y = New(x, x.Shape);
        uint threshold = (uint)Math.Min(probability * 4294967296.0, uint.MaxValue);
        // The share kept is that of the threshold, which rounds to the probability; nothing is kept at 1.
        float scale = probability < 1 ? 1 / (1 - probability) : 0;
        x.Device.Backend.Dropout(from.Seed, from.Position, threshold, scale, x.Count, dense.Ref, y.Ref);
        return Record(y, [x], (probability, from), static (g, s) => g[0] = Dropout(g.Output, s.probability, s.from));
    }
}
