namespace HyperKernels.Cli.Recipes;

/// <summary>Whether a guess orders things rightly: Kendall's tau-b, 1 for the same order, -1 for the reverse, about 0 for chance.</summary>
/// <remarks>Source: Kendall, The treatment of ties in ranking problems, Biometrika 33, 1945.</remarks>
internal static class RankCorrelation
{
    /// <returns>Not a number where one of the two is constant.</returns>
    public static double Of(ReadOnlySpan<double> guesses, ReadOnlySpan<double> truth)
    {
        (long agree, long guessPairs, long truthPairs) = (0, 0, 0);
        for (int i = 0; i < truth.Length; i++)
        {
            for (int j = 0; j < i; j++)
            {
                int guess = Math.Sign(guesses[i] - guesses[j]);
                int real = Math.Sign(truth[i] - truth[j]);
                agree += guess * real;
                guessPairs += Math.Abs(guess);
                truthPairs += Math.Abs(real);
            }
        }
        return agree / Math.Sqrt((double)guessPairs * truthPairs);
    }
}
