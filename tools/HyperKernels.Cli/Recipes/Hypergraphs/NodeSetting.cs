using System.Globalization;

namespace HyperKernels.Cli.Recipes;

/// <summary>How a network for classes of nodes is trained, by Adam.</summary>
/// <param name="Width">Features between its layers; of each head where it has heads.</param>
/// <param name="Rate">The learning rate.</param>
/// <param name="Decay">The weight decay.</param>
/// <param name="Epochs">How often the whole graph is seen.</param>
/// <param name="Dropout">The share of hidden values that training sets to zero.</param>
internal sealed record NodeSetting(int Width, float Rate, float Decay, int Epochs, float Dropout)
{
    public override string ToString() =>
        string.Create(CultureInfo.InvariantCulture, $"width {Width}, Adam, rate {Rate:G4}, weight decay {Decay:G4}, dropout {Dropout:G4}");
}
