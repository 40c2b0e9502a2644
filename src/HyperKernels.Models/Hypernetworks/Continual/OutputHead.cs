using HyperKernels.Layers;

namespace HyperKernels.Models;

/// <summary>Targets with outputs of their own for every task: which weights serve some outputs alone.</summary>
public static class OutputHead
{
    /// <summary>1 for every weight except those of the other outputs of the last layer, which are 0.</summary>
    /// <param name="manifest">The target's weights.</param>
    /// <param name="outputs">The outputs of a task: its head.</param>
    /// <param name="layer">The dotted name of the layer that gives them, without <c>.weight</c>; null for the last with a matrix.</param>
    /// <returns>P importances, for <see cref="OutputRegulariser.SetImportances"/>; to be multiplied with others of the same weights.</returns>
    /// <exception cref="ArgumentException">There is no such layer or output.</exception>
    public static float[] Importances(TargetManifest manifest, ReadOnlySpan<int> outputs, string? layer = null)
    {
        ArgumentNullException.ThrowIfNull(manifest);
        string? wanted = layer is null ? null : $"{layer}.weight";
        ManifestEntry? weight = manifest.Entries.LastOrDefault(entry => wanted is null ? entry.Shape.Rank > 1 : entry.Name == wanted);
        if (weight is null)
        {
            throw new ArgumentException(
                $"OutputHead: the generated weights must hold \"{wanted ?? "a matrix"}\"; they are {string.Join(", ", manifest.Entries.Select(static e => e.Name))}.",
                nameof(layer));
        }
        int count = weight.Shape[0];
        bool[] isActive = new bool[count];
        foreach (int output in outputs)
        {
            if ((uint)output >= (uint)count)
            {
                throw new ArgumentException($"OutputHead: the outputs of \"{weight.Name}\" are 0 to {count - 1}; got {output}.", nameof(outputs));
            }
            isActive[output] = true;
        }
        float[] importances = new float[manifest.Count];
        Array.Fill(importances, 1);
        string bias = $"{weight.Name[..(weight.Name.LastIndexOf('.') + 1)]}bias";
        foreach (ManifestEntry entry in manifest.Entries.Where(entry => entry == weight || (entry.Name == bias && entry.Count == count)))
        {
            int row = entry.Count / count;
            for (int output = 0; output < count; output++)
            {
                importances.AsSpan(entry.Offset + (output * row), row).Fill(isActive[output] ? 1 : 0);
            }
        }
        return importances;
    }
}
