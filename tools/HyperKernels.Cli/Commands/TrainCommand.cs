using System.CommandLine;
using System.Globalization;
using HyperKernels.Cli.Recipes;
using HyperKernels.Cli.Reports;
using HyperKernels.Cli.Training;
using HyperKernels.Distributed;

namespace HyperKernels.Cli.Commands;

/// <summary><c>train</c>: runs a recipe, with log, checkpoints and a report in a folder.</summary>
internal static class TrainCommand
{
    private const string DataVariable = "HYPERKERNELS_DATA";

    private static readonly Argument<string?> s_recipe = new("RECIPE") { Description = "What to train; --list shows them.", Arity = ArgumentArity.ZeroOrOne };
    private static readonly Option<bool> s_list = new("--list") { Description = "List the recipes." };
    private static readonly Option<string?> s_data = Data();

    private static readonly Option<int?> s_epochs = new("--epochs") { Description = "How often to go through the data.", HelpName = "N" };
    private static readonly Option<int?> s_steps = new("--steps") { Description = "How many steps, instead of epochs.", HelpName = "N" };
    private static readonly Option<int> s_seed = new("--seed") { Description = "Of everything random; 0 unless given.", HelpName = "S" };
    private static readonly Option<string> s_device = DeviceName();
    private static readonly Option<int?> s_threads = CommonOptions.Threads();
    private static readonly Option<string?> s_out = new("--out")
    {
        Description = "Folder for metrics.jsonl, checkpoints and report.html; runs/RECIPE unless given.",
        HelpName = "DIR",
    };

    private static readonly Option<bool> s_resume = new("--resume") { Description = "Go on from the checkpoint in the --out folder." };

    private static readonly Option<string?> s_checkpointEvery = new("--checkpoint-every")
    {
        Description = "How often a checkpoint is written: a number of steps (500) or of seconds (30s); a minute unless given.",
        HelpName = "N",
    };

    private static readonly Option<int?> s_keep = new("--keep")
    {
        Description = "How many checkpoints stay as checkpoint-STEP.safetensors, besides the newest and the one before; none unless given.",
        HelpName = "N",
    };

    private static readonly Option<string?> s_tensorBoard = new("--tensorboard")
    {
        Description = "Folder that gets event files for TensorBoard, in a folder of its own for the recipe.",
        HelpName = "DIR",
    };

    // Of some recipes alone: IRecipe.Choices.
    private static readonly Option<string?>[] s_choices =
    [
        new("--model") { Description = "The networks, separated by commas; for recipes that have several.", HelpName = "A,B" },
        new("--protocol") { Description = "How nodes are split: published or half; for recipes of node classes.", HelpName = "P" },
        new("--loops") { Description = "Which nodes get a hyperedge of their own: none, isolated or all; for recipes of node classes.", HelpName = "L" },
        new("--splits") { Description = "How many of the data's splits; for recipes of node classes.", HelpName = "N" },
    ];

    public static Command Create()
    {
        CommonOptions.AtLeast(s_epochs, 1);
        CommonOptions.AtLeast(s_steps, 1);
        CommonOptions.AtLeast(s_keep, 1);
        Command command = new("train", "Train a recipe. Ctrl+C saves a checkpoint; --resume goes on from it.")
        {
            s_recipe, s_list, s_data, s_epochs, s_steps, s_seed, s_device, s_threads, s_out, s_resume, s_checkpointEvery, s_keep, s_tensorBoard,
        };
        foreach (Option<string?> choice in s_choices)
        {
            command.Add(choice);
        }
        command.SetAction(parsed => parsed.GetValue(s_list) ? List(new Terminal(parsed)) : Ranks.Run(parsed.GetValue(CommonOptions.Json), all => Run(parsed, all)));
        return command;
    }

    /// <summary>The option that names the folder of data sets.</summary>
    internal static Option<string?> Data() => new("--data")
    {
        Description = $"Folder of the data sets; else {DataVariable}; else data that the program makes.",
        HelpName = "DIR",
    };

    /// <summary>The option that names a device.</summary>
    internal static Option<string> DeviceName() => new("--device")
    {
        Description = "Where to compute; the best device there is unless given.",
        HelpName = "D",
        DefaultValueFactory = _ => Device.Default.Name,
    };

    /// <summary>The folder that the option, or the environment, names; null for neither.</summary>
    /// <exception cref="DirectoryNotFoundException">It does not exist.</exception>
    internal static string? DataFolder(string? given)
    {
        string? data = given ?? (Environment.GetEnvironmentVariable(DataVariable) is { Length: > 0 } folder ? folder : null);
        return data is null || Directory.Exists(data) ? data : throw new DirectoryNotFoundException($"the data folder {data} does not exist.");
    }

    private static int List(Terminal terminal)
    {
        IReadOnlyList<RecipeReport> recipes = [.. RecipeBook.All.Select(recipe => new RecipeReport(recipe.Name, recipe.Description))];
        if (terminal.Json)
        {
            Terminal.Document(recipes, ReportJson.Plain.IReadOnlyListRecipeReport);
        }
        else
        {
            terminal.Table(["recipe", "what it does"], [.. recipes.Select(recipe => (string[])[recipe.Name, recipe.Description])]);
        }
        return ExitCode.Ok;
    }

    private static int Run(ParseResult parsed, ICommunicator all)
    {
        IRecipe recipe = RecipeBook.Find(parsed.GetValue(s_recipe) ?? throw new UsageException("train needs a recipe; `hyperkernels train --list` shows them."));
        if (parsed.GetValue(s_epochs) is not null && parsed.GetValue(s_steps) is not null)
        {
            throw new UsageException("give --epochs or --steps, not both.");
        }
        string? data = DataFolder(parsed.GetValue(s_data));
        if (all.Size > 1 && !recipe.SplitsBatches)
        {
            throw new UsageException(
                $"train {recipe.Name}: this recipe does not split its batches over {all.Size} processes. Those that do: "
                + $"{string.Join(", ", RecipeBook.All.Where(static other => other.SplitsBatches).Select(static other => other.Name))}.");
        }
        // What the others write, nobody reads.
        using OtherRanksFolder? others = all.Rank > 0 ? new() : null;
        string output = others?.Path ?? parsed.GetValue(s_out) ?? Path.Combine("runs", recipe.Name);
        Terminal.Prepare();
        Device device = Devices.Find(parsed.GetValue(s_device)!);
        device.Threads = parsed.GetValue(s_threads) ?? Math.Max(1, device.Threads / Ranks.OnThisMachine);
        MakeFolder("train", output);
        TrainOptions options = new(
            recipe.Name, data, parsed.GetValue(s_epochs), parsed.GetValue(s_steps), parsed.GetValue(s_seed), device, output, parsed.GetValue(s_resume))
        {
            Checkpoints = parsed.GetValue(s_checkpointEvery) is { } every ? CheckpointInterval.Parse(every) : CheckpointInterval.Default,
            Keep = parsed.GetValue(s_keep) ?? 0,
            Choices = Choices(parsed, recipe),
            Parallel = all.Size > 1 ? new DataParallel(all) : null,
        };
        using Interrupt interrupt = new();
        using DeviceUse use = Device.Use(device);
        using IDisposable? sums = options.Parallel?.Use();
        using TensorBoardLog? board = all.Rank == 0 && parsed.GetValue(s_tensorBoard) is { } folder ? new TensorBoardLog(Path.Combine(folder, recipe.Name)) : null;
        return Train(new Terminal(parsed), recipe, options, board, interrupt.Token);
    }

    private static Dictionary<string, string> Choices(ParseResult parsed, IRecipe recipe)
    {
        Dictionary<string, string> choices = [];
        foreach (Option<string?> option in s_choices)
        {
            if (parsed.GetValue(option) is not { } words)
            {
                continue;
            }
            if (!recipe.Choices.Contains(option.Name))
            {
                IEnumerable<string> others = RecipeBook.All.Where(other => other.Choices.Contains(option.Name)).Select(other => other.Name);
                throw new UsageException($"train {option.Name}: the recipe must be one of {string.Join(", ", others)}; got {recipe.Name}.");
            }
            choices.Add(option.Name, words);
        }
        return choices;
    }

    /// <summary>Makes the folder of <c>--out</c>.</summary>
    /// <exception cref="IOException">It cannot be made; the message names the command.</exception>
    internal static void MakeFolder(string command, string output)
    {
        try
        {
            Directory.CreateDirectory(output);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new IOException($"{command} --out: the folder {Path.GetFullPath(output)} cannot be made: {failure.Message} Name another place.", failure);
        }
    }

    private static int Train(Terminal terminal, IRecipe recipe, TrainOptions options, TensorBoardLog? board, CancellationToken cancel)
    {
        using MetricsLog log = new(options.File("metrics.jsonl"));
        TrainReporter? reporter = null;
        TrainSummary? summary = null;
        try
        {
            terminal.WithPicture(show =>
            {
                TrainView view = new(recipe.Name, options.Device);
                reporter = terminal.ShowsProgress
                    ? new TrainReporter(log, progress => show(view.Show(progress)), lines: null, board)
                    : new TrainReporter(log, picture: null, terminal.Line, board);
                summary = recipe.Run(options, reporter, cancel);
            });
            board?.Finish(summary!, reporter!.Step);
        }
        catch (OperationCanceledException)
        {
            WriteReport(recipe, options, $"{recipe.Description} Stopped at step {reporter!.Step}.", null, log);
            return Terminal.Fail(ExitCode.Cancelled, $"cancelled at step {reporter.Step}; go on with --resume --out {options.Out}", terminal.Json);
        }
        double seconds = reporter!.Seconds;
        WriteReport(recipe, options, $"{recipe.Description} {reporter.Step} steps in {seconds.ToString("F1", CultureInfo.InvariantCulture)} s.", summary!, log);
        Show(terminal, recipe, options, summary!, reporter.Step, seconds);
        return ExitCode.Ok;
    }

    private static void Show(Terminal terminal, IRecipe recipe, TrainOptions options, TrainSummary summary, long steps, double seconds)
    {
        if (terminal.Json)
        {
            Terminal.Document(
                new TrainReport(
                    recipe.Name,
                    options.Data,
                    options.Seed,
                    options.Device.Name,
                    options.Device.Threads,
                    steps,
                    seconds,
                    Path.GetFullPath(options.Out),
                    [.. summary.Figures.Select(f => new FigureReport(f.Run, f.Name, double.IsFinite(f.Value) ? f.Value : null))],
                    summary.Configuration.ToDictionary(setting => setting.Name, setting => setting.Value)),
                ReportJson.Plain.TrainReport);
            return;
        }
        FigureTable table = FigureTable.Of(summary.Figures);
        terminal.Table(table.Headings, table.Rows);
        terminal.Line($"{steps} steps in {seconds:F1} s. Report: {options.File("report.html")}");
    }

    private static string Processes(DataParallel team)
    {
        double PerPass(double all) => all / Math.Max(1, team.Figures.Passes);
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{team.Communicator.Size}, {team.Communicator.Description.Split(',')[0]}; a backward pass summed {PerPass(team.Figures.SummedBytes):N0} bytes, "
            + $"gathered {PerPass(team.Figures.GatheredBytes):N0}, and waited {1000 * PerPass(team.Figures.Waited.TotalSeconds):F2} ms behind its end");
    }

    private static void WriteReport(IRecipe recipe, TrainOptions options, string lead, TrainSummary? summary, MetricsLog log) =>
        ReportPage.Write(
            options.File("report.html"),
            recipe.Name,
            lead,
            summary,
            [
                new Setting("processor", $"{Machine.Processor}, {Environment.ProcessorCount} cores"),
                new Setting("device", options.Device.Description),
                new Setting("system", $"{Machine.OperatingSystem}, {Machine.Runtime}"),
                new Setting("HyperKernels", Machine.Version),
                new Setting("data", options.Data ?? "made by the program"),
                new Setting("seed", $"{options.Seed}"),
                .. options.Parallel is { } team ? (Setting[])[new Setting("processes", Processes(team))] : [],
            ],
            log.Steps);
}
