using HyperKernels.Layers;

namespace HyperKernels.Models;

/// <summary>A head that makes one tensor of a target from a condition by a linear map, <c>reshape(G z + g)</c>; matrices stay factored.</summary>
internal sealed class GeneratedTensor : Layer
{
    private readonly Shape _shape;
    private readonly Linear _head;

    /// <summary>Makes the head.</summary>
    /// <param name="shape">Of the tensor: <c>[O, I]</c>, or <c>[N]</c>.</param>
    /// <param name="conditions">The size of z.</param>
    /// <param name="bias">Whether there is a g.</param>
    /// <param name="start">Draws G; null means PyTorch's linear layers.</param>
    /// <param name="random">Where first values come from; null means <see cref="Initializer.Random"/>.</param>
    /// <exception cref="ArgumentException">The tensor has 2^31 numbers or more.</exception>
    public GeneratedTensor(Shape shape, int conditions, bool bias = true, Initializer? start = null, RandomStream? random = null)
    {
        if (shape.Count > int.MaxValue)
        {
            throw new ArgumentException($"GeneratedTensor: a generated tensor has at most {int.MaxValue:N0} numbers; {shape} are {shape.Count:N0}.", nameof(shape));
        }
        _shape = shape;
        _head = Add("head", new Linear(conditions, (int)shape.Count, bias, random));
        if (start is not null)
        {
            start.Apply(_head.Weight, random);
            _head.Bias?.Load(new float[shape.Count]);
        }
    }

    /// <summary>Makes a matrix.</summary>
    /// <param name="z"><c>[C, conditions]</c></param>
    /// <param name="scale">Multiplies what is generated.</param>
    /// <returns>One for all samples if C is 1, else C sets.</returns>
    public Weight Matrix(Tensor z, float scale = 1)
    {
        Tensor generator = Ops.Reshape(_head.Weight.Value, _shape.Insert(_shape.Rank, _head.InFeatures));
        Tensor? origin = _head.Bias is { } bias ? Scaled(Ops.Reshape(bias.Value, _shape), scale) : null;
        return Weight.Generated(Scaled(z, scale), generator, origin);
    }

    /// <summary>Makes a vector.</summary>
    /// <param name="z"><c>[C, conditions]</c></param>
    /// <param name="scale">Multiplies what is generated.</param>
    /// <returns><c>[N]</c> if C is 1, else <c>[C, N]</c>.</returns>
    public Tensor Vector(Tensor z, float scale = 1)
    {
        Tensor values = Scaled(_head.Forward(z), scale);
        return z.Shape[0] == 1 ? Ops.Reshape(values, _shape) : values;
    }

    private static Tensor Scaled(Tensor values, float scale) => scale == 1 ? values : Ops.MultiplyScalar(values, scale);
}
