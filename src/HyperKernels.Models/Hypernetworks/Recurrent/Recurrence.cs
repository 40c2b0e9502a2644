namespace HyperKernels.Models;

/// <summary>What the recurrent cells do alike.</summary>
internal static class Recurrence
{
    public static void Sizes(string where, int inFeatures, int hiddenFeatures, int hyperFeatures, int embedding)
    {
        Positive(where, nameof(inFeatures), inFeatures);
        Positive(where, nameof(hiddenFeatures), hiddenFeatures);
        Positive(where, nameof(hyperFeatures), hyperFeatures);
        Positive(where, nameof(embedding), embedding);
    }

    /// <summary>Checks a step's input <c>[B, inFeatures]</c>, and gives B.</summary>
    public static int Input(string where, Tensor input, int inFeatures) => input.Rank == 2 && input.Shape[1] == inFeatures
        ? input.Shape[0]
        : throw new ArgumentException($"{where}: the input must be [batch, {inFeatures}]; got {input.Shape}.", nameof(input));

    /// <summary>Checks the input of a sequence <c>[T, B, inFeatures]</c>, and gives B.</summary>
    public static int Inputs(string where, Tensor inputs, int inFeatures) => inputs.Rank == 3 && inputs.Shape[0] > 0 && inputs.Shape[2] == inFeatures
        ? inputs.Shape[1]
        : throw new ArgumentException($"{where}: the inputs must be [steps, batch, {inFeatures}] with at least one step; got {inputs.Shape}.", nameof(inputs));

    public static bool Fits(Tensor state, int batch, int features) => state.Rank == 2 && state.Shape[0] == batch && state.Shape[1] == features;

    public static void Positive(string where, string name, int size)
    {
        if (size < 1)
        {
            throw new ArgumentException($"{where}: {name} must be at least 1; got {size}.", name);
        }
    }
}
