using System.Collections.Concurrent;

namespace HyperKernels.Layers;

/// <summary>How conditions between 0 and 1 are encoded before the generator sees them. Derive from it for an encoding of your own.</summary>
public abstract class Encoding
{
    private static readonly ConcurrentDictionary<string, Encoding> s_known = new(
        new Encoding[] { new CosSinEncoding(), new ComplementEncoding(), new NoEncoding() }.ToDictionary(static encoding => encoding.Name));

    /// <summary>
    /// <c>[cos(pi gamma / 2), sin(pi gamma / 2)]</c>, all cosines first: constant norm whatever the condition, so that the scale of
    /// the generated weights does not follow it (MIP, Gonzalez Ortiz et al., ICLR 2024).
    /// </summary>
    public static Encoding CosSin => s_known[nameof(CosSin)];

    /// <summary><c>[gamma, 1 - gamma]</c>: constant sum.</summary>
    public static Encoding Complement => s_known[nameof(Complement)];

    /// <summary>As they are: the plain hypernetwork.</summary>
    public static Encoding None => s_known[nameof(None)];

    /// <summary>What files call it.</summary>
    public abstract string Name { get; }

    /// <summary>The mean square of what comes out, over conditions drawn evenly from 0 to 1: what a start of fixed variance divides by.</summary>
    public virtual double MeanSquare => 1;

    /// <summary>How many numbers come out for so many conditions.</summary>
    public abstract int Size(int conditions);

    /// <summary>Encodes all conditions together.</summary>
    /// <param name="gamma">Conditions from 0 to 1, <c>[C, conditions]</c>.</param>
    /// <returns><c>[C, Size(conditions)]</c>, differentiable in gamma.</returns>
    public abstract Tensor Encode(Tensor gamma);

    /// <summary>Makes an encoding of your own known by its name, so that files with it can be loaded.</summary>
    /// <exception cref="ArgumentException">Another encoding has the name.</exception>
    public static void Register(Encoding encoding)
    {
        ArgumentNullException.ThrowIfNull(encoding);
        if (s_known.GetOrAdd(encoding.Name, encoding).GetType() != encoding.GetType())
        {
            Throw.Argument($"Encoding.Register: the name \"{encoding.Name}\" is taken by {s_known[encoding.Name].GetType().Name}; choose another.");
        }
    }

    /// <summary>The encoding of a name.</summary>
    /// <exception cref="FormatException">There is none.</exception>
    internal static Encoding Find(string? name) => name is not null && s_known.TryGetValue(name, out Encoding? known)
        ? known
        : throw new FormatException(
            $"\"encoding\" must be one of {string.Join(", ", s_known.Keys.Order(StringComparer.Ordinal))}; it is \"{name}\". "
            + "Make one of your own known with Encoding.Register.");

    /// <inheritdoc/>
    public override string ToString() => Name;

    private sealed class CosSinEncoding : Encoding
    {
        public override string Name => nameof(CosSin);

        public override double MeanSquare => 1.0 / 2;

        public override int Size(int conditions) => 2 * conditions;

        public override Tensor Encode(Tensor gamma)
        {
            Tensor angle = Ops.MultiplyScalar(gamma, MathF.PI / 2);
            return Ops.Concatenate(1, Ops.Cos(angle), Ops.Sin(angle));
        }
    }

    private sealed class ComplementEncoding : Encoding
    {
        public override string Name => nameof(Complement);

        public override double MeanSquare => 1.0 / 3;

        public override int Size(int conditions) => 2 * conditions;

        public override Tensor Encode(Tensor gamma) => Ops.Concatenate(1, gamma, Ops.AddScalar(Ops.Neg(gamma), 1));
    }

    private sealed class NoEncoding : Encoding
    {
        public override string Name => nameof(None);

        public override double MeanSquare => 1.0 / 3;

        public override int Size(int conditions) => conditions;

        public override Tensor Encode(Tensor gamma) => gamma;
    }
}
