using HyperKernels.Cli.Training;

namespace HyperKernels.Cli.Recipes;

/// <summary>The networks that <c>--model</c> names, of those a recipe has.</summary>
internal static class ModelChoice
{
    public const string Option = "--model";

    /// <summary>A network that sees no hyperedges; recipes that have it train it beside all others.</summary>
    public const string Perceptron = "mlp";

    /// <summary>Reads the option, and puts the perceptron behind what it names.</summary>
    /// <param name="options">Of the command line.</param>
    /// <param name="known">The names there are.</param>
    /// <param name="unlessGiven">The networks where the command line names none, separated by commas.</param>
    /// <returns>Each once.</returns>
    /// <exception cref="UsageException">A name is not known.</exception>
    public static IReadOnlyList<string> WithPerceptron(TrainOptions options, IReadOnlyList<string> known, string unlessGiven)
    {
        string[] names = options.Choices.GetValueOrDefault(Option, unlessGiven)
            .Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        if (names.FirstOrDefault(name => !known.Contains(name)) is { } unknown)
        {
            throw new UsageException($"train {Option}: every name must be one of {string.Join(", ", known)}; got \"{unknown}\".");
        }
        return [.. names.Append(Perceptron).Distinct()];
    }

    /// <summary>What a checkpoint says of it.</summary>
    public static (string Name, string Words) Follows(IEnumerable<string> models) => ("model", $"{Option} {string.Join(',', models)}");
}
