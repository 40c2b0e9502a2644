using System.CommandLine;

namespace HyperKernels.Cli;

/// <summary>Options that several commands share.</summary>
internal static class CommonOptions
{
    public static Option<bool> Json { get; } = new("--json")
    {
        Description = "Print one JSON document on standard output; everything else goes to standard error.",
        Recursive = true,
    };

    public static Option<string> Backend() => new("--backend")
    {
        Description = "cpu, or cpu-512, cpu-256, cpu-128, cpu-32 for a narrower vector width.",
        HelpName = "B",
        DefaultValueFactory = _ => "cpu",
    };

    public static Option<int?> Threads()
    {
        Option<int?> threads = new("--threads") { Description = "Threads that work on one op.", HelpName = "N" };
        Within(threads, 1, Device.MostThreads);
        return threads;
    }

    /// <summary>Refuses smaller numbers while parsing, so that the message names the option.</summary>
    public static void AtLeast(Option<int?> option, int smallest) => Within(option, smallest, int.MaxValue);

    private static void Within(Option<int?> option, int smallest, int largest) => option.Validators.Add(result =>
    {
        if (result.Tokens.Count == 1 && int.TryParse(result.Tokens[0].Value, out int value) && (value < smallest || value > largest))
        {
            result.AddError($"{option.Name} must be at {(value < smallest ? $"least {smallest}" : $"most {largest}")}; got {value}.");
        }
    });
}
