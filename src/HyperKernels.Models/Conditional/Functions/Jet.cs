namespace HyperKernels.Models;

/// <summary>
/// Values of a function with its first and second derivatives along each coordinate, carried through layers as ordinary tensors: what equations of physics need of a
/// network, at the price of one product for all of them in each layer, and differentiable by weights and conditions in one backward pass.
/// </summary>
/// <remarks>
/// Mixed second derivatives are not carried. The axes hold <c>[B, K, N, F]</c> with K = 1 + 2 D: the value, D first and D second derivatives.
/// </remarks>
public sealed class Jet
{
    private readonly Tensor _all;

    private Jet(Tensor all, int coordinates)
    {
        _all = all;
        Coordinates = coordinates;
    }

    /// <summary>D: along how many coordinates there are derivatives.</summary>
    public int Coordinates { get; }

    /// <summary>The values, <c>[B, N, F]</c>.</summary>
    public Tensor Value => Part(0);

    private int Parts => 1 + (2 * Coordinates);

    /// <summary>The coordinates themselves: each has the derivative 1 along itself.</summary>
    /// <param name="coordinates"><c>[B, N, D]</c></param>
    /// <exception cref="ArgumentException">There are not three axes.</exception>
    public static Jet Of(Tensor coordinates)
    {
        if (coordinates.Rank != 3)
        {
            throw new ArgumentException($"Jet: the coordinates must be [batch, points, D]; got {coordinates.Shape}.", nameof(coordinates));
        }
        (int batch, int points, int axes) = (coordinates.Shape[0], coordinates.Shape[1], coordinates.Shape[2]);
        Tensor[] parts = new Tensor[1 + (2 * axes)];
        parts[0] = coordinates;
        for (int axis = 0; axis < axes; axis++)
        {
            float[] unit = new float[axes];
            unit[axis] = 1;
            parts[1 + axis] = Ops.BroadcastTo(Tensor.From(unit, [1, 1, axes], coordinates.Device), coordinates.Shape);
            parts[1 + axes + axis] = Tensor.Zeros([batch, points, axes], coordinates.Device);
        }
        return new Jet(Ops.Stack(1, parts), axes);
    }

    /// <summary>Coordinates without derivatives: what is made of them has values alone, by the same arithmetic.</summary>
    /// <param name="coordinates"><c>[B, N, D]</c></param>
    internal static Jet ValuesOf(Tensor coordinates) => new(Ops.Reshape(coordinates, coordinates.Shape.Insert(1, 1)), 0);

    /// <summary>The derivative of the values along a coordinate, <c>[B, N, F]</c>.</summary>
    public Tensor First(int coordinate) => Part(1 + coordinate);

    /// <summary>The second derivative of the values along a coordinate, <c>[B, N, F]</c>.</summary>
    public Tensor Second(int coordinate) => Part(1 + Coordinates + coordinate);

    /// <summary>A dense layer: all derivatives in one product with the values; the bias moves the values alone.</summary>
    /// <param name="weight"><c>[O, F]</c>, or one for every sample.</param>
    /// <param name="bias"><c>[O]</c>, or <c>[B, O]</c> beside weights for every sample; null for none.</param>
    public Jet Linear(Weight weight, Tensor? bias = null)
    {
        (int batch, int points) = (_all.Shape[0], _all.Shape[2]);
        Tensor products = Ops.Linear(Ops.Reshape(_all, batch, Parts * points, _all.Shape[3]), weight);
        int outputs = products.Shape[2];
        Tensor all = Ops.Reshape(products, batch, Parts, points, outputs);
        if (bias is { } offset)
        {
            Tensor shift = Ops.Reshape(offset, offset.Rank == 2 ? offset.Shape[0] : 1, 1, 1, outputs);
            all = Ops.Add(all, Ops.Pad(shift, [(0, 0), (0, Parts - 1), (0, 0), (0, 0)]));
        }
        return new Jet(all, Coordinates);
    }

    /// <summary>A function of every element: <c>f(a)</c>, <c>f'(a) a_x</c>, <c>f''(a) a_x^2 + f'(a) a_xx</c>.</summary>
    /// <param name="activation">Tanh or a sine.</param>
    /// <exception cref="ArgumentException">It is another.</exception>
    public Jet Activate(Activation activation)
    {
        Tensor a = Value;
        if (Coordinates == 0)
        {
            return ValuesOf(Ops.Activate(a, activation));
        }
        (Tensor value, Tensor first, Tensor second) = activation.Kind switch
        {
            ActivationKind.Tanh => TanhOf(a),
            ActivationKind.Sine => SineOf(a, activation.Parameter),
            _ => throw new ArgumentException($"Jet: the activation must be Tanh or Sine, which are smooth; got {activation.Kind}.", nameof(activation)),
        };
        return Map(value, first, second);
    }

    /// <summary>The product with another function of the same coordinates, by the product rule.</summary>
    public Jet Multiply(Jet other)
    {
        ArgumentNullException.ThrowIfNull(other);
        Tensor[] parts = new Tensor[Parts];
        parts[0] = Ops.Multiply(Value, other.Value);
        for (int i = 0; i < Coordinates; i++)
        {
            parts[1 + i] = Ops.Add(Ops.Multiply(First(i), other.Value), Ops.Multiply(Value, other.First(i)));
            Tensor crossed = Ops.MultiplyScalar(Ops.Multiply(First(i), other.First(i)), 2);
            parts[1 + Coordinates + i] = Ops.Add(Ops.Add(Ops.Multiply(Second(i), other.Value), crossed), Ops.Multiply(Value, other.Second(i)));
        }
        return new Jet(Ops.Stack(1, parts), Coordinates);
    }

    /// <summary>The sum with another function.</summary>
    public Jet Add(Jet other)
    {
        ArgumentNullException.ThrowIfNull(other);
        return new Jet(Ops.Add(_all, other._all), Coordinates);
    }

    /// <summary>One less the function.</summary>
    public Jet OneLess()
    {
        Tensor one = Ops.Pad(Tensor.Ones([1, 1, 1, 1], _all.Device), [(0, 0), (0, Parts - 1), (0, 0), (0, 0)]);
        return new Jet(Ops.Subtract(one, _all), Coordinates);
    }

    /// <summary>Fourier features of the coordinates, then the coordinates: <c>[sin(2 pi w_k x), cos(2 pi w_k x), x]</c>, frequencies within each coordinate.</summary>
    /// <param name="frequencies">w.</param>
    public Jet Fourier(IReadOnlyList<float> frequencies)
    {
        ArgumentNullException.ThrowIfNull(frequencies);
        int inputs = _all.Shape[3];
        // Every coordinate times every frequency, as a product with a matrix of few entries.
        float[] matrix = new float[inputs * frequencies.Count * inputs];
        for (int input = 0; input < inputs; input++)
        {
            for (int k = 0; k < frequencies.Count; k++)
            {
                matrix[(((input * frequencies.Count) + k) * inputs) + input] = MathF.Tau * frequencies[k];
            }
        }
        Jet angles = Linear(Tensor.From(matrix, [inputs * frequencies.Count, inputs], _all.Device));
        (Tensor sine, Tensor cosine, Tensor minusSine) = SineOf(angles.Value, 1);
        Jet sines = angles.Map(sine, cosine, minusSine);
        Jet cosines = angles.Map(cosine, minusSine, Ops.Neg(cosine));
        return new Jet(Ops.Concatenate(3, sines._all, cosines._all, _all), Coordinates);
    }

    private Jet Map(Tensor value, Tensor first, Tensor second)
    {
        Tensor[] parts = new Tensor[Parts];
        parts[0] = value;
        for (int i = 0; i < Coordinates; i++)
        {
            Tensor slope = First(i);
            parts[1 + i] = Ops.Multiply(first, slope);
            parts[1 + Coordinates + i] = Ops.Add(Ops.Multiply(second, Ops.Square(slope)), Ops.Multiply(first, Second(i)));
        }
        return new Jet(Ops.Stack(1, parts), Coordinates);
    }

    private static (Tensor Value, Tensor First, Tensor Second) TanhOf(Tensor a)
    {
        Tensor value = Ops.Tanh(a);
        Tensor first = Ops.AddScalar(Ops.Neg(Ops.Square(value)), 1);
        return (value, first, Ops.MultiplyScalar(Ops.Multiply(value, first), -2));
    }

    private static (Tensor Value, Tensor First, Tensor Second) SineOf(Tensor a, float frequency)
    {
        Tensor angle = Ops.MultiplyScalar(a, frequency);
        Tensor sine = Ops.Sin(angle);
        return (sine, Ops.MultiplyScalar(Ops.Cos(angle), frequency), Ops.MultiplyScalar(sine, -frequency * frequency));
    }

    private Tensor Part(int part)
    {
        Tensor slice = Ops.Slice(_all, 1, part, 1);
        return Ops.Reshape(slice, _all.Shape[0], _all.Shape[2], _all.Shape[3]);
    }
}
