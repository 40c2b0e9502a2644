using System.CommandLine;
using HyperKernels.Cli.Data;
using HyperKernels.Cli.Play;
using HyperKernels.Cli.Recipes;
using HyperKernels.Cli.Reports;
using HyperKernels.Cli.Training;

namespace HyperKernels.Cli.Commands;

/// <summary><c>play</c>: a page on this machine that moves a trained hypernetwork's condition.</summary>
internal static class PlayCommand
{
    private const string Recipe = "mip";
    private const int DefaultPort = 8123;
    private const int MostPort = 65_535;

    // What is shown, a few of each class.
    private const int Digits = 200;

    // Enough to read nineteen of twenty digits.
    private const int BriefSteps = 150;

    private static readonly Argument<string> s_recipe = new("RECIPE") { Description = $"What was trained: {Recipe}." };
    private static readonly Option<string?> s_file = new("--file")
    {
        Description = $"The trained hypernetwork; else runs/{Recipe}/{Recipe}.safetensors; else one that is trained now, in less than a minute.",
        HelpName = "F",
    };

    private static readonly Option<string?> s_data = new("--data") { Description = "Folder of the data sets, for digits of MNIST; drawn ones unless given.", HelpName = "DIR" };
    private static readonly Option<int> s_port = new("--port")
    {
        Description = $"Of 127.0.0.1; {DefaultPort} unless given, 0 for any that is free.",
        HelpName = "N",
        DefaultValueFactory = _ => DefaultPort,
    };

    public static Command Create()
    {
        s_port.Validators.Add(static result =>
        {
            if (result.Tokens.Count == 1 && int.TryParse(result.Tokens[0].Value, out int value) && value is < 0 or > MostPort)
            {
                result.AddError($"--port must be from 0 to {MostPort}; got {value}.");
            }
        });
        Command command = new("play", "Serve a page on this machine that moves a trained hypernetwork's condition. Ctrl+C ends it.") { s_recipe, s_file, s_data, s_port };
        command.SetAction(Run);
        return command;
    }

    private static int Run(ParseResult parsed)
    {
        if (parsed.GetValue(s_recipe) is not Recipe and string other)
        {
            throw new UsageException($"play knows {Recipe} alone; got \"{other}\".");
        }
        if (parsed.GetValue(s_data) is { } data && !Directory.Exists(data))
        {
            throw new DirectoryNotFoundException($"the data folder {data} does not exist.");
        }
        Terminal terminal = new(parsed);
        using Interrupt interrupt = new();
        using DeviceUse use = Device.Use(Device.Cpu);
        string file = parsed.GetValue(s_file) ?? Trained(terminal, parsed.GetValue(s_data), interrupt.Token);
        ImageSet digits = parsed.GetValue(s_data) is { } folder ? MnistData.Load(folder, "mnist").Test.Take(Digits) : DrawnDigits.Make(Digits, seed: 1, Device.Cpu.Threads);
        using PlayModel model = PlayModel.Load(file, digits);
        using PlayServer server = new(model, parsed.GetValue(s_port));
        if (terminal.Json)
        {
            Terminal.Document(new PlayReport(server.Address, Path.GetFullPath(file)), ReportJson.Plain.PlayReport);
        }
        terminal.Line($"{file} plays at {server.Address} until Ctrl+C.");
        server.Run(interrupt.Token).GetAwaiter().GetResult();
        return ExitCode.Ok;
    }

    // The one of a whole run, else of a brief one, which stays for the next time.
    private static string Trained(Terminal terminal, string? data, CancellationToken cancel)
    {
        const string Name = $"{Recipe}.safetensors";
        string brief = Path.Combine("runs", $"play-{Recipe}");
        string[] files = [Path.Combine("runs", Recipe, Name), Path.Combine(brief, Name)];
        if (files.FirstOrDefault(File.Exists) is { } file)
        {
            return file;
        }
        terminal.Line($"No {files[0]}: training {BriefSteps} steps first. `hyperkernels train {Recipe}` trains longer.");
        Directory.CreateDirectory(brief);
        terminal.WithProgress(Recipe, bar => RecipeBook.Find(Recipe).Run(
            new TrainOptions(Recipe, data, null, BriefSteps, 0, Device.Cpu, brief, Resume: false), new Progress(bar), cancel));
        return files[1];
    }

    private sealed class Progress(Action<double, string> bar) : IProgress<TrainProgress>
    {
        public void Report(TrainProgress value) => bar((double)value.Step / value.Steps, value.Words);
    }
}
