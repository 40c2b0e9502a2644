using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using HyperKernels.Cli.Commands;

namespace HyperKernels.Cli;

/// <summary>The command line: parses, runs one command, and turns every failure into one line and an exit code.</summary>
internal static class Program
{
    private static int Main(string[] args)
    {
        WidestImage.TakeOver(args);
        // Not a RootCommand: that one takes its name from the assembly, which cannot be called hyperkernels.
        Command root = new("hyperkernels", "Hypernetworks and hypergraph networks: checks, benchmarks and training runs.")
        {
            CommonOptions.Json,
            new HelpOption { Recursive = true },
            new VersionOption { Action = new ShowVersion() },
            InfoCommand.Create(),
            FirstCommand.Create(),
            OpsCommand.Create(),
            SystemsCommand.Create(),
            VerifyCommand.Create(),
            BenchCommand.Create(),
            TrainCommand.Create(),
            PlayCommand.Create(),
            ProfileCommand.Create(),
            SoakCommand.Create(),
            StoreCommand.Create(),
            PartitionCommand.Create(),
            ScaleCommand.Create(),
        };
        ParseResult parsed = root.Parse(args);
        bool json = args.Contains(CommonOptions.Json.Name);
        // The action is the parser's error action only where no other option, such as --help, takes the errors away.
        if (parsed.Action is ParseErrorAction)
        {
            string errors = string.Join(' ', parsed.Errors.Select(error => error.Message).Distinct());
            return Terminal.Fail(ExitCode.Usage, $"{errors} Try: hyperkernels --help", json);
        }
        try
        {
            // Signals and exceptions are handled here: the library's own handlers print stack traces and end the process after two seconds.
            return parsed.Invoke(new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null });
        }
        catch (Exception failure)
        {
            return Report(failure, json);
        }
    }

    /// <summary>Says what failed.</summary>
    /// <param name="failure">Any.</param>
    /// <param name="json">Whether a document is due.</param>
    /// <param name="who">What the line begins with.</param>
    /// <returns>The exit code.</returns>
    public static int Report(Exception failure, bool json, string who = "")
    {
        int code = ExitCode.Of(failure);
        return Terminal.Fail(code, who + code switch
        {
            ExitCode.Cancelled => "cancelled.",
            ExitCode.Defect => $"this is a defect of the program; please report it with the command line: {failure}",
            _ => failure.Message,
        }, json);
    }

    private sealed class ShowVersion : SynchronousCommandLineAction
    {
        public override int Invoke(ParseResult parseResult)
        {
            Console.Out.WriteLine(Machine.Version);
            return ExitCode.Ok;
        }
    }
}
