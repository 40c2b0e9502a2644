using HyperKernels.Backends;

namespace HyperKernels;

public static partial class Ops
{
    /// <summary>Adds two tensors, element by element: <c>a + b</c>.</summary>
    /// <param name="a">Any shape.</param>
    /// <param name="b">A shape that broadcasts with that of <paramref name="a"/>: axes are aligned at the end, and an axis of size 1 is repeated.</param>
    /// <returns>The broadcast shape.</returns>
    /// <exception cref="ArgumentException">The shapes do not broadcast, the devices differ, or one holds integers.</exception>
    /// <remarks>Differentiable in both, any number of times.</remarks>
    public static Tensor Add(Tensor a, Tensor b) =>
        Record(Binary("Add", BinaryOp.Add, a, b), [a, b], (a.Shape, b.Shape), static (g, s) =>
        {
            if (g.Needs(0))
            {
                g[0] = SumTo(g.Output, s.Item1);
            }
            if (g.Needs(1))
            {
                g[1] = SumTo(g.Output, s.Item2);
            }
        });

    /// <summary>Subtracts two tensors, element by element: <c>a - b</c>. Shapes, errors and derivatives as for <see cref="Add"/>.</summary>
    public static Tensor Subtract(Tensor a, Tensor b) =>
        Record(Binary("Subtract", BinaryOp.Subtract, a, b), [a, b], (a.Shape, b.Shape), static (g, s) =>
        {
            if (g.Needs(0))
            {
                g[0] = SumTo(g.Output, s.Item1);
            }
            if (g.Needs(1))
            {
                g[1] = Neg(SumTo(g.Output, s.Item2));
            }
        });

    /// <summary>Multiplies two tensors, element by element: <c>a b</c>. Shapes, errors and derivatives as for <see cref="Add"/>.</summary>
    public static Tensor Multiply(Tensor a, Tensor b) =>
        Record(Binary("Multiply", BinaryOp.Multiply, a, b), [a, b], (a, b), static (g, s) =>
        {
            if (g.Needs(0))
            {
                g[0] = SumTo(Multiply(g.Output, s.b), s.a.Shape);
            }
            if (g.Needs(1))
            {
                g[1] = SumTo(Multiply(g.Output, s.a), s.b.Shape);
            }
        });

    /// <summary>Divides two tensors, element by element: <c>a / b</c>. Shapes, errors and derivatives as for <see cref="Add"/>.</summary>
    public static Tensor Divide(Tensor a, Tensor b)
    {
        Tensor y = Binary("Divide", BinaryOp.Divide, a, b);
        return Record(y, [a, b], (a, b, y), static (g, s) =>
        {
            Tensor quotient = Divide(g.Output, s.b);
            if (g.Needs(0))
            {
                g[0] = SumTo(quotient, s.a.Shape);
            }
            if (g.Needs(1))
            {
                g[1] = Neg(SumTo(Multiply(quotient, s.y), s.b.Shape));
            }
        });
    }

    /// <summary>Raises to a power, element by element: <c>a^b</c>. Shapes and errors as for <see cref="Add"/>.</summary>
    /// <remarks>
    /// A negative base with a whole exponent has the sign of the product, with any other exponent it gives NaN. Differentiable in both, any
    /// number of times, where a is positive; the gradient with respect to b is taken as 0 where a is 0.
    /// </remarks>
    public static Tensor Power(Tensor a, Tensor b)
    {
        Tensor y = Binary("Power", BinaryOp.Power, a, b);
        return Record(y, [a, b], (a, b, y), static (g, s) =>
        {
            if (g.Needs(0))
            {
                // Where b is 0 the power is constant; the rule would multiply 0 by the infinite 0^-1.
                Tensor slope = Where(s.b, Multiply(s.b, Power(s.a, AddScalar(s.b, -1))), Tensor.Zeros([], s.a.Device));
                g[0] = SumTo(Multiply(g.Output, slope), s.a.Shape);
            }
            if (g.Needs(1))
            {
                // log 0 is replaced by log 1, and infinity times that 0, where b is negative, by 0.
                Tensor logarithm = Log(Where(s.a, s.a, Tensor.Ones([], s.a.Device)));
                Tensor slope = Where(s.a, Multiply(s.y, logarithm), Tensor.Zeros([], s.a.Device));
                g[1] = SumTo(Multiply(g.Output, slope), s.b.Shape);
            }
        });
    }

    /// <summary>The smaller of two, element by element; NaN if one is. Shapes and errors as for <see cref="Add"/>.</summary>
    /// <remarks>Differentiable in both; where they are equal the gradient goes to <paramref name="a"/>.</remarks>
    public static Tensor Minimum(Tensor a, Tensor b) =>
        Record(Binary("Minimum", BinaryOp.Minimum, a, b), [a, b], (a, b), static (g, s) => Chosen(g, s.a, s.b, Binary("Minimum", BinaryOp.LessOrEqual, s.a, s.b)));

    /// <summary>The larger of two, element by element; NaN if one is. Shapes and errors as for <see cref="Add"/>.</summary>
    /// <remarks>Differentiable in both; where they are equal the gradient goes to <paramref name="a"/>.</remarks>
    public static Tensor Maximum(Tensor a, Tensor b) =>
        Record(Binary("Maximum", BinaryOp.Maximum, a, b), [a, b], (a, b), static (g, s) => Chosen(g, s.a, s.b, Binary("Maximum", BinaryOp.LessOrEqual, s.b, s.a)));

    /// <summary>Chooses element by element: <c>a</c> where the condition is not zero, else <c>b</c>.</summary>
    /// <param name="condition">Floats; NaN counts as not zero.</param>
    /// <param name="a">A shape that broadcasts with the others.</param>
    /// <param name="b">A shape that broadcasts with the others.</param>
    /// <returns>The shape that all three broadcast to.</returns>
    /// <exception cref="ArgumentException">The shapes do not broadcast, the devices differ, or one holds integers.</exception>
    /// <remarks>Differentiable in a and b, any number of times; what was not chosen gets 0 even where it is NaN.</remarks>
    public static Tensor Where(Tensor condition, Tensor a, Tensor b)
    {
        Tensor y = Ternary("Where", TernaryOp.Where, condition, a, b);
        // No gradient leads through it.
        Tensor chooser = Detach(condition);
        return Record(y, [a, b, chooser], (condition: chooser, a.Shape, b.Shape), static (g, s) =>
        {
            Tensor zero = Tensor.Zeros([], s.condition.Device);
            if (g.Needs(0))
            {
                g[0] = SumTo(Where(s.condition, g.Output, zero), s.Item2);
            }
            if (g.Needs(1))
            {
                g[1] = SumTo(Where(s.condition, zero, g.Output), s.Item3);
            }
        });
    }

    /// <summary>Multiplies two tensors and adds a third, element by element and in one pass: <c>a b + c</c>, rounded once where the device has the instruction.</summary>
    /// <param name="a">A shape that broadcasts with the others.</param>
    /// <param name="b">A shape that broadcasts with the others.</param>
    /// <param name="c">A shape that broadcasts with the others.</param>
    /// <returns>The shape that all three broadcast to.</returns>
    /// <exception cref="ArgumentException">The shapes do not broadcast, the devices differ, or one holds integers.</exception>
    /// <remarks>Differentiable in all three, any number of times.</remarks>
    public static Tensor MultiplyAdd(Tensor a, Tensor b, Tensor c) =>
        Record(Ternary("MultiplyAdd", TernaryOp.MultiplyAdd, a, b, c), [a, b, c], (a, b, c.Shape), static (g, s) =>
        {
            if (g.Needs(0))
            {
                g[0] = SumTo(Multiply(g.Output, s.b), s.a.Shape);
            }
            if (g.Needs(1))
            {
                g[1] = SumTo(Multiply(g.Output, s.a), s.b.Shape);
            }
            if (g.Needs(2))
            {
                g[2] = SumTo(g.Output, s.Item3);
            }
        });

    private static Tensor Ternary(string name, TernaryOp op, Tensor a, Tensor b, Tensor c)
    {
        CheckFloats(name, a, b);
        CheckFloats(name, b, c);
        Shape shape = BroadcastShape(name, a.Shape, BroadcastShape(name, b.Shape, c.Shape));
        Tensor y = New(a, shape);
        a.Device.Backend.Ternary(op, Broadcasted(a, b, c, shape), a.Ref, b.Ref, c.Ref, y.Ref);
        return y;
    }

    // Sends the gradient to a where it was chosen, else to b.
    private static void Chosen(Gradients g, Tensor a, Tensor b, Tensor choseA)
    {
        Tensor zero = Tensor.Zeros([], a.Device);
        if (g.Needs(0))
        {
            g[0] = SumTo(Where(choseA, g.Output, zero), a.Shape);
        }
        if (g.Needs(1))
        {
            g[1] = SumTo(Where(choseA, zero, g.Output), b.Shape);
        }
    }

    private static Tensor Binary(string name, BinaryOp op, Tensor a, Tensor b)
    {
        CheckFloats(name, a, b);
        Shape shape = BroadcastShape(name, a.Shape, b.Shape);
        Tensor y = New(a, shape);
        a.Device.Backend.Binary(op, Broadcasted(a, b, b, shape), a.Ref, b.Ref, y.Ref);
        return y;
    }
}
