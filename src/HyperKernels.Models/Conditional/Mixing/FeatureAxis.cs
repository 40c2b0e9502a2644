namespace HyperKernels.Models;

/// <summary>Which axis of a batch holds features; gates average over all others but the batch's.</summary>
public enum FeatureAxis
{
    /// <summary>The second: channels of images and sequences, <c>[B, C, H, W]</c> and <c>[B, C, L]</c>.</summary>
    Second,

    /// <summary>The last: features of tokens, <c>[B, S, I]</c>.</summary>
    Last,
}
