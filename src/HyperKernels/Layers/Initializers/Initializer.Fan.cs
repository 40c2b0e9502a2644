namespace HyperKernels.Layers;

public abstract partial class Initializer
{
    /// <summary>Kaiming: uniform within <c>±gain sqrt(3 / fan)</c>.</summary>
    /// <param name="activation">Follows the layer; decides the gain. Null means ReLU.</param>
    /// <param name="mode">The fan that is taken.</param>
    /// <remarks>Source: He et al., ICCV 2015.</remarks>
    public static Initializer KaimingUniform(Activation? activation = null, FanMode mode = FanMode.In)
    {
        double gain = Gain(activation ?? Activation.Relu);
        return Uniform(shape => gain * Math.Sqrt(3.0 / Fan(shape, mode)));
    }

    /// <summary>Kaiming: Gaussian with deviation <c>gain / sqrt(fan)</c>.</summary>
    /// <param name="activation">Follows the layer; decides the gain. Null means ReLU.</param>
    /// <param name="mode">The fan that is taken.</param>
    /// <remarks>Source: He et al., ICCV 2015.</remarks>
    public static Initializer KaimingNormal(Activation? activation = null, FanMode mode = FanMode.In)
    {
        double gain = Gain(activation ?? Activation.Relu);
        return Normal(shape => gain / Math.Sqrt(Fan(shape, mode)));
    }

    /// <summary>Xavier: uniform within <c>±gain sqrt(6 / (fan in + fan out))</c>.</summary>
    /// <remarks>Source: Glorot and Bengio, AISTATS 2010.</remarks>
    public static Initializer XavierUniform(double gain = 1) =>
        Uniform(shape => gain * Math.Sqrt(6.0 / Both(shape)));

    /// <summary>Xavier: Gaussian with deviation <c>gain sqrt(2 / (fan in + fan out))</c>.</summary>
    /// <remarks>Source: Glorot and Bengio, AISTATS 2010.</remarks>
    public static Initializer XavierNormal(double gain = 1) =>
        Normal(shape => gain * Math.Sqrt(2.0 / Both(shape)));

    /// <summary>Orthonormal rows (or columns, if there are more rows than columns) times a gain; axes after the first count as columns.</summary>
    /// <remarks>Evenly spread over all such matrices. Source: Saxe et al., ICLR 2014.</remarks>
    public static Initializer Orthogonal(double gain = 1) => new OrthogonalInitializer(gain);

    /// <summary>PyTorch's default for the weight of a linear layer or convolution: uniform within <c>±1 / sqrt(fan in)</c>.</summary>
    /// <remarks>PyTorch calls it Kaiming with slope <c>sqrt 5</c>.</remarks>
    public static Initializer Default { get; } = Uniform(static shape => 1 / Math.Sqrt(Math.Max(Fan(shape, FanMode.In), 1)));

    /// <summary>PyTorch's default for biases and recurrent cells: uniform within <c>±1 / sqrt(fan)</c>; zeros for fan 0.</summary>
    /// <exception cref="ArgumentException">fan is negative.</exception>
    public static Initializer DefaultFor(long fan)
    {
        if (fan < 0)
        {
            Throw.Argument($"Initializer.DefaultFor: fan must not be negative; got {fan}.");
        }
        double bound = fan == 0 ? 0 : 1 / Math.Sqrt(fan);
        return Uniform(_ => bound);
    }

    /// <summary>SIREN, for layers followed by <c>sin(omega x)</c>: uniform within <c>±sqrt(6 / fan in) / omega</c>.</summary>
    /// <param name="omega">The frequency of the sine, 30 in the paper.</param>
    /// <remarks>Source: Sitzmann et al., NeurIPS 2020, section 3.2.</remarks>
    public static Initializer Siren(double omega = 30) => Uniform(shape => Math.Sqrt(6.0 / Fan(shape, FanMode.In)) / omega);

    /// <summary>SIREN's first layer: uniform within <c>±1 / fan in</c>.</summary>
    /// <remarks>Source: Sitzmann et al., NeurIPS 2020, section 3.2.</remarks>
    public static Initializer SirenFirst() => Uniform(static shape => 1.0 / Fan(shape, FanMode.In));

    /// <summary>The factor that keeps the deviation of values through an activation; PyTorch's table (<c>nn.init.calculate_gain</c>).</summary>
    /// <param name="activation">The activation.</param>
    /// <returns>1 for activations without a known gain.</returns>
    public static double Gain(Activation activation) => activation.Kind switch
    {
        ActivationKind.Relu => Math.Sqrt(2),
        ActivationKind.LeakyRelu => Math.Sqrt(2 / (1 + ((double)activation.Parameter * activation.Parameter))),
        ActivationKind.Tanh => 5.0 / 3,
        _ => 1,
    };

    private static long Fan(Shape shape, FanMode mode) => mode == FanMode.In ? Fans.Of(shape).In : Fans.Of(shape).Out;

    private static long Both(Shape shape)
    {
        Fans fans = Fans.Of(shape);
        return fans.In + fans.Out;
    }
}
