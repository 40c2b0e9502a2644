using System.CommandLine;
using HyperKernels.Cli.Reports;
using HyperKernels.Cli.Soak;

namespace HyperKernels.Cli.Commands;

/// <summary><c>soak</c>: tries to break the program for as long as it is told.</summary>
internal static class SoakCommand
{
    private static readonly Argument<string[]> s_parts = new("PART")
    {
        Description = $"{string.Join(", ", SoakPart.All.Select(part => part.Name))}; all unless given.",
        Arity = ArgumentArity.ZeroOrMore,
    };

    private static readonly Option<int?> s_seconds = new("--seconds") { Description = "How long each part tries; 60 unless given.", HelpName = "N" };
    private static readonly Option<int> s_seed = new("--seed") { Description = "Of everything random; 0 unless given.", HelpName = "S" };
    private static readonly Option<string?> s_out = new("--out") { Description = "Folder for files and findings; runs/soak unless given.", HelpName = "DIR" };

    public static Command Create()
    {
        CommonOptions.AtLeast(s_seconds, 1);
        Command command = new("soak", "Damaged files, killed runs, many threads, work without end: tries to break the program, and says what it found.")
        {
            s_parts, s_seconds, s_seed, s_out,
        };
        command.SetAction(Run);
        return command;
    }

    private static int Run(ParseResult parsed)
    {
        string[] names = parsed.GetValue(s_parts) ?? [];
        SoakPart[] parts = names.Length == 0 ? [.. SoakPart.All] : [.. names.Select(Find)];
        string output = parsed.GetValue(s_out) ?? Path.Combine("runs", "soak");
        TimeSpan time = TimeSpan.FromSeconds(parsed.GetValue(s_seconds) ?? 60);
        Terminal terminal = new(parsed);
        using Interrupt interrupt = new();
        List<SoakReport> reports = [];
        foreach (SoakPart part in parts)
        {
            string folder = Path.Combine(output, part.Name);
            if (Directory.Exists(folder))
            {
                // What an earlier campaign left would be taken for this one's.
                Directory.Delete(folder, recursive: true);
            }
            Directory.CreateDirectory(folder);
            terminal.WithProgress(part.Name, bar =>
            {
                SoakOutcome outcome = part.Run(new SoakRun(time, parsed.GetValue(s_seed), folder, bar, interrupt.Token));
                reports.Add(new SoakReport(part.Name, part.Description, outcome.Figures, outcome.Findings));
            });
        }
        return Show(terminal, reports);
    }

    private static SoakPart Find(string name) => SoakPart.All.FirstOrDefault(part => part.Name == name)
        ?? throw new UsageException($"soak: a part must be one of {string.Join(", ", SoakPart.All.Select(part => part.Name))}; got \"{name}\".");

    private static int Show(Terminal terminal, IReadOnlyList<SoakReport> reports)
    {
        int findings = reports.Sum(report => report.Findings.Count);
        if (terminal.Json)
        {
            Terminal.Document(reports, ReportJson.Plain.IReadOnlyListSoakReport);
        }
        else
        {
            terminal.Table(
                ["part", "what", "value"],
                [.. reports.SelectMany(report => report.Figures.Select(figure => (string[])[report.Part, figure.Name, $"{figure.Value:0.###}"]))]);
            foreach (string finding in reports.SelectMany(report => report.Findings.Select(text => $"{report.Part}: {text}")))
            {
                terminal.Line(finding);
            }
            terminal.Verdict(findings == 0, findings == 0 ? "nothing was found" : $"{findings} findings");
        }
        return findings == 0 ? ExitCode.Ok : ExitCode.CheckFailed;
    }
}
