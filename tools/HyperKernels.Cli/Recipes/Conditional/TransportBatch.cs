using HyperKernels.Cli.Data;

namespace HyperKernels.Cli.Recipes;

/// <summary>What one step sees: conditions [C] and [C, 1], for each of them points to move and points of where they should go, [C x Points, 2].</summary>
internal sealed record TransportBatch(Tensor Kinds, Tensor Numbers, Tensor Start, Tensor Target)
{
    public const int Conditions = 12;
    public const int Points = 64;

    /// <summary>Nothing within this of an unseen number is drawn.</summary>
    public const float Near = 0.05f;

    /// <summary>Draws a batch, which depends on seed and stream alone.</summary>
    public static TransportBatch Of(int seed, long stream, IReadOnlyList<float> unseen, Device device)
    {
        SplitMix random = new(seed, stream);
        int[] kinds = new int[Conditions];
        float[] numbers = new float[Conditions];
        List<float> target = [];
        for (int i = 0; i < Conditions; i++)
        {
            kinds[i] = i % PlaneDistribution.Kinds;
            do
            {
                numbers[i] = random.Unit();
            }
            while (unseen.Any(number => MathF.Abs(number - numbers[i]) < Near));
            target.AddRange(new PlaneDistribution(kinds[i], numbers[i]).Draw(ref random, Points));
        }
        return new TransportBatch(
            Tensor.From(kinds, [Conditions], device), Tensor.From(numbers, [Conditions, 1], device),
            Tensor.From(PlaneDistribution.Normal(ref random, Conditions * Points), [Conditions * Points, 2], device),
            Tensor.From(target.ToArray(), [Conditions * Points, 2], device));
    }
}
