namespace HyperKernels.Models;

/// <summary>How a layer gets its weight from a bank that holds fewer values than it needs.</summary>
public enum TemplateUpsampling
{
    /// <summary>A smaller template <c>[out', in', k, k]</c> is resized bilinearly as an image of <c>out'</c> rows and <c>in' k k</c> columns.</summary>
    Bilinear,

    /// <summary>Further values are learned averages of two values of the bank each.</summary>
    WeightedPairs,

    /// <summary>The bank is appended to itself, multiplied by learned masks of one kernel window each.</summary>
    Mask,

    /// <summary>The bank is appended to itself.</summary>
    Repeat,
}
