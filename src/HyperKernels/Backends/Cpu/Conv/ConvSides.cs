namespace HyperKernels.Backends.Cpu;

/// <summary>
/// The operands of a convolution, or of its adjoint in x: with stride 1 a convolution too, from y to x, with the kernels turned by 180
/// degrees and their two kinds of channels exchanged.
/// </summary>
internal readonly unsafe struct ConvSides
{
    private readonly ConvSizes _sizes;
    private readonly float* _from;
    private readonly float* _w;
    private readonly float* _bias;
    private readonly float* _to;

    private ConvSides(in ConvSizes sizes, float* from, float* w, float* bias, float* to, bool adjoint)
    {
        _sizes = sizes;
        _from = from;
        _w = w;
        _bias = bias;
        _to = to;
        Adjoint = adjoint;
        Plane = new ConvPlane(sizes, adjoint);
    }

    /// <summary>y from x, w and, unless it is null, the bias.</summary>
    public static ConvSides Forward(in ConvSizes sizes, float* x, float* w, float* bias, float* y) => new(sizes, x, w, bias, y, adjoint: false);

    /// <summary>x from y and w.</summary>
    public static ConvSides Input(in ConvSizes sizes, float* x, float* w, float* y) => new(sizes, y, w, null, x, adjoint: true);

    public bool Adjoint { get; }

    /// <summary>The source with its zeros.</summary>
    public ConvPlane Plane { get; }

    /// <summary>Channels of the source in a group.</summary>
    public int Inputs => Adjoint ? _sizes.GroupOutputs : _sizes.GroupInputs;

    /// <summary>Channels of the result in a group.</summary>
    public int Outputs => Adjoint ? _sizes.GroupInputs : _sizes.GroupOutputs;

    /// <summary>Floats of w from one channel of the source to the next.</summary>
    public int InputStep => Adjoint ? _sizes.Depth : _sizes.KernelH * _sizes.KernelW;

    /// <summary>Floats of w from one channel of the result to the next.</summary>
    public int OutputStep => Adjoint ? _sizes.KernelH * _sizes.KernelW : _sizes.Depth;

    /// <summary>The channels of a group of a sample of the source.</summary>
    public float* From(int sample, int group) =>
        _from + (sample * (Adjoint ? _sizes.SampleY : _sizes.SampleX)) + ((long)group * Inputs * Plane.Pixels);

    /// <summary>A channel of the result.</summary>
    public float* To(int sample, int group, int output) =>
        _to + (sample * (Adjoint ? _sizes.SampleX : _sizes.SampleY)) + ((((long)group * Outputs) + output) * Plane.OutHeight * Plane.OutWidth);

    /// <summary>The kernels of a group of a set from a channel of the result on.</summary>
    public float* Kernels(int set, int group, int output) =>
        _w + (set * _sizes.SetW) + ((long)group * _sizes.GroupOutputs * _sizes.Depth) + ((long)output * OutputStep);

    /// <summary>The bias of a channel of the result; null if there is none.</summary>
    public float* Bias(int set, int group, int output) => _bias == null ? null : _bias + (set * _sizes.SetBias) + (group * Outputs) + output;
}
