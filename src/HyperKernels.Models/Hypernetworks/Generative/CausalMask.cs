namespace HyperKernels.Models;

/// <summary>What is added to scores so that a token sees itself and those before it alone.</summary>
internal static class CausalMask
{
    private const float Never = -1e30f;

    /// <summary><c>[tokens, tokens]</c>: zeros, and behind the diagonal so low a number that its share is zero.</summary>
    public static Tensor Of(int tokens, Device device)
    {
        float[] mask = new float[tokens * tokens];
        for (int i = 0; i < mask.Length; i++)
        {
            mask[i] = i % tokens > i / tokens ? Never : 0;
        }
        return Tensor.From(mask, [tokens, tokens], device);
    }
}
