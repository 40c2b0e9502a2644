using System.Diagnostics;
using System.Text.Json;

namespace HyperKernels.Tests.Cli;

/// <summary>Runs the program as a user does: as a process, with its output in pipes.</summary>
internal sealed class CliProcess : IDisposable
{
    private static readonly TimeSpan s_longest = TimeSpan.FromMinutes(3);

    private readonly Process _process;
    private readonly Task<string> _output;
    private readonly Task<string> _error;

    private CliProcess(string[] arguments, IReadOnlyDictionary<string, string>? environment = null)
        : this(Executable, arguments, environment)
    {
    }

    private CliProcess(string program, string[] arguments, IReadOnlyDictionary<string, string>? environment = null)
    {
        ProcessStartInfo start = new(program) { RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true };
        foreach (string argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }
        foreach ((string name, string value) in environment ?? new Dictionary<string, string>())
        {
            start.Environment[name] = value;
        }
        _process = Process.Start(start)!;
        _output = _process.StandardOutput.ReadToEndAsync();
        _error = _process.StandardError.ReadToEndAsync();
    }

    /// <summary>The program built beside the tests, in the same configuration.</summary>
    private static string Executable
    {
        get
        {
            string configuration = Path.GetFileName(Path.TrimEndingDirectorySeparator(AppContext.BaseDirectory));
            string name = OperatingSystem.IsWindows() ? "hyperkernels.exe" : "hyperkernels";
            return Path.Combine(TestData.Repository, "artifacts", "bin", "HyperKernels.Cli", configuration, name);
        }
    }

    internal static CliProcess Start(params string[] arguments) => new(arguments);

    /// <summary>Starts a shell's script, in which "$0" is the program and "$@" its arguments.</summary>
    internal static CliProcess StartUnder(string script, params string[] arguments) => new("/bin/sh", ["-c", script, Executable, .. arguments]);

    internal int Id => _process.Id;

    /// <summary>Runs the program to its end.</summary>
    internal static CliResult Run(params string[] arguments) => Run(s_longest, arguments);

    /// <summary>Runs the program to its end with some environment variables of its own.</summary>
    internal static CliResult Run(IReadOnlyDictionary<string, string> environment, params string[] arguments)
    {
        using CliProcess process = new(arguments, environment);
        return process.Finish();
    }

    /// <summary>Runs the program to its end in a shell that has run something before: limits, for example.</summary>
    internal static CliResult RunUnder(string before, params string[] arguments)
    {
        using CliProcess process = StartUnder($"{before}; exec \"$0\" \"$@\"", arguments);
        return process.Finish();
    }

    /// <summary>Runs the program to its end, which may take longer than usual.</summary>
    internal static CliResult Run(TimeSpan longest, params string[] arguments)
    {
        using CliProcess process = new(arguments);
        return process.Finish(longest);
    }

    internal CliResult Finish() => Finish(s_longest);

    private CliResult Finish(TimeSpan longest)
    {
        if (!_process.WaitForExit(longest))
        {
            throw new AssertionException($"The program did not end within {longest.TotalMinutes} minutes.");
        }
        return new CliResult(_process.ExitCode, _output.GetAwaiter().GetResult(), _error.GetAwaiter().GetResult());
    }

    /// <summary>What Ctrl+C sends.</summary>
    internal void SendInterrupt()
    {
        using Process kill = Process.Start("kill", ["-INT", $"{_process.Id}"]);
        kill.WaitForExit();
    }

    public void Dispose()
    {
        if (!_process.HasExited)
        {
            _process.Kill(entireProcessTree: true);
        }
        _process.Dispose();
    }
}

/// <summary>What a run of the program gave.</summary>
internal sealed record CliResult(int ExitCode, string Output, string Error)
{
    /// <summary>Standard output as the one JSON document that it must be.</summary>
    internal JsonElement Json
    {
        get
        {
            using JsonDocument document = JsonDocument.Parse(Output);
            return document.RootElement.Clone();
        }
    }

    public override string ToString() => $"exit code {ExitCode}\n{Output}\n{Error}";
}
