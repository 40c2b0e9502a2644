namespace HyperKernels.Models;

/// <summary>
/// How a domain changes the kernels <c>w [O, I, k, k]</c> of a style: the names in the authors' code follow in brackets. i, o, f, t are offsets of inputs, of outputs, of pairs of
/// channels and of the taps of a kernel.
/// </summary>
public enum DomainPatch
{
    /// <summary><c>w (1 + i + o)</c> (csep_mult)</summary>
    SeparateMultiply,

    /// <summary><c>w + i + o</c> (csep_delta)</summary>
    SeparateAdd,

    /// <summary><c>w (1 + i)</c> (cin_mult)</summary>
    InputMultiply,

    /// <summary><c>w (1 + o)</c> (cout_mult)</summary>
    OutputMultiply,

    /// <summary><c>w (1 + f)</c> (cfull_mult)</summary>
    FullMultiply,

    /// <summary><c>w + f</c> (cfull_delta)</summary>
    FullAdd,

    /// <summary><c>g w + b</c> with a gain and an offset per output (aff_cout)</summary>
    OutputAffine,

    /// <summary><c>g w</c> with a gain per output (aff_cout_no_beta)</summary>
    OutputGain,

    /// <summary><c>w (1 + i + t)</c> (cink_mult)</summary>
    InputTapMultiply,

    /// <summary><c>w (1 + o + t)</c> (coutk_mult)</summary>
    OutputTapMultiply,
}
