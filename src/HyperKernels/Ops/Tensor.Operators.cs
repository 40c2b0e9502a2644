namespace HyperKernels;

public readonly partial struct Tensor
{
    /// <summary><see cref="Ops.Add"/></summary>
    public static Tensor operator +(Tensor left, Tensor right) => Ops.Add(left, right);

    /// <summary><see cref="Ops.Subtract"/></summary>
    public static Tensor operator -(Tensor left, Tensor right) => Ops.Subtract(left, right);

    /// <summary><see cref="Ops.Multiply"/>, element by element.</summary>
    public static Tensor operator *(Tensor left, Tensor right) => Ops.Multiply(left, right);

    /// <summary><see cref="Ops.Divide"/>, element by element.</summary>
    public static Tensor operator /(Tensor left, Tensor right) => Ops.Divide(left, right);

    /// <summary><see cref="Ops.Neg"/></summary>
    public static Tensor operator -(Tensor value) => Ops.Neg(value);

    /// <summary><see cref="Ops.AddScalar"/></summary>
    public static Tensor operator +(Tensor left, float right) => Ops.AddScalar(left, right);

    /// <summary><see cref="Ops.AddScalar"/></summary>
    public static Tensor operator +(float left, Tensor right) => Ops.AddScalar(right, left);

    /// <summary><see cref="Ops.AddScalar"/> of the number's negative.</summary>
    public static Tensor operator -(Tensor left, float right) => Ops.AddScalar(left, -right);

    /// <summary>A number minus every element.</summary>
    public static Tensor operator -(float left, Tensor right) => Ops.AddScalar(Ops.Neg(right), left);

    /// <summary><see cref="Ops.MultiplyScalar"/></summary>
    public static Tensor operator *(Tensor left, float right) => Ops.MultiplyScalar(left, right);

    /// <summary><see cref="Ops.MultiplyScalar"/></summary>
    public static Tensor operator *(float left, Tensor right) => Ops.MultiplyScalar(right, left);

    /// <summary><see cref="Ops.MultiplyScalar"/> by one over the number.</summary>
    public static Tensor operator /(Tensor left, float right) => Ops.MultiplyScalar(left, 1 / right);

    /// <summary>A number divided by every element.</summary>
    public static Tensor operator /(float left, Tensor right) => Ops.MultiplyScalar(Ops.Reciprocal(right), left);
}
