using HyperKernels.Layers;

namespace HyperKernels.Models;

/// <summary>Generates relative offsets of a convolution's kernels from a code; what <see cref="ModulatedConv"/> takes.</summary>
public abstract class KernelOffsets : Layer
{
    /// <summary>Notes the sizes.</summary>
    /// <param name="codeFeatures">The numbers of a code.</param>
    /// <param name="inChannels">The channels I of the convolution's input.</param>
    /// <param name="outChannels">The channels O of its output.</param>
    /// <exception cref="ArgumentException">A size is less than 1.</exception>
    protected KernelOffsets(int codeFeatures, int inChannels, int outChannels)
    {
        if (codeFeatures < 1 || inChannels < 1 || outChannels < 1)
        {
            throw new ArgumentException(
                $"{GetType().Name}: codeFeatures, inChannels and outChannels must be at least 1; got {codeFeatures}, {inChannels} and {outChannels}.");
        }
        (CodeFeatures, InChannels, OutChannels) = (codeFeatures, inChannels, outChannels);
    }

    /// <summary>The numbers of a code.</summary>
    public int CodeFeatures { get; }

    /// <summary>The channels of the convolution's input.</summary>
    public int InChannels { get; }

    /// <summary>The channels of its output.</summary>
    public int OutChannels { get; }

    /// <summary>Generates offsets.</summary>
    /// <param name="code"><c>[C, codeFeatures]</c></param>
    /// <returns><c>[C, O, I, f, f]</c>, f 1 for offsets that all taps of a kernel share.</returns>
    /// <exception cref="ArgumentException">The code has another size.</exception>
    public abstract Tensor Forward(Tensor code);
}
