namespace HyperKernels.Models;

/// <summary>How large a tensor's weights are that read a shared bank of numbers within s.</summary>
public enum BankScale
{
    /// <summary><c>(1 / sqrt(fan in)) / s</c>; of a table <c>(1 / sqrt(rows)) / s</c>.</summary>
    FanIn,

    /// <summary>The deviation of the tensor's own values over s: a later version of the released code.</summary>
    Deviation,
}
