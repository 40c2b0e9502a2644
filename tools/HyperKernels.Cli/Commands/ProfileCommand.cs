using System.CommandLine;
using System.Globalization;
using HyperKernels.Cases.Sized;
using HyperKernels.Cli.Profiling;
using HyperKernels.Cli.Recipes;
using HyperKernels.Cli.Reports;
using HyperKernels.Cli.Training;

namespace HyperKernels.Cli.Commands;

/// <summary><c>profile</c>: says where the time of a recipe's training steps goes, op by op, forward and backward.</summary>
internal static class ProfileCommand
{
    // The first steps compile code and fill the pool.
    private const int WarmUp = 10;
    private const int DefaultSteps = 30;

    private static readonly Argument<string> s_recipe = new("RECIPE") { Description = "Whose steps; `train --list` shows the recipes." };
    private static readonly Option<int?> s_steps = new("--steps")
    {
        Description = $"How many steps are looked at, after {WarmUp} that are not; {DefaultSteps} unless given.",
        HelpName = "N",
    };

    private static readonly Option<string?> s_data = TrainCommand.Data();
    private static readonly Option<int> s_seed = new("--seed") { Description = "Of everything random; 0 unless given.", HelpName = "S" };
    private static readonly Option<string> s_device = TrainCommand.DeviceName();
    private static readonly Option<int?> s_threads = CommonOptions.Threads();
    private static readonly Option<string?> s_out = new("--out")
    {
        Description = "Folder for profile.speedscope.json and flame.svg; runs/profile-RECIPE unless given.",
        HelpName = "DIR",
    };

    public static Command Create()
    {
        CommonOptions.AtLeast(s_steps, 1);
        Command command = new("profile", "Show where the time of a recipe's training steps goes: time and bytes by op, share of what the machine allows, a flame graph.")
        {
            s_recipe, s_steps, s_data, s_seed, s_device, s_threads, s_out,
        };
        command.SetAction(Run);
        return command;
    }

    private static int Run(ParseResult parsed)
    {
        IRecipe recipe = RecipeBook.Find(parsed.GetValue(s_recipe)!);
        int steps = parsed.GetValue(s_steps) ?? DefaultSteps;
        string output = parsed.GetValue(s_out) ?? Path.Combine("runs", $"profile-{recipe.Name}");
        TrainCommand.MakeFolder("profile", output);
        Device device = Devices.Find(parsed.GetValue(s_device)!);
        device.Threads = parsed.GetValue(s_threads) ?? device.Threads;
        Terminal terminal = new(parsed);
        using Interrupt interrupt = new();
        using DeviceUse use = Device.Use(device);
        MachineLimits limits = MachineLimits.Measure(device);
        using OpProfile profile = new(device, takesCallers: true);
        string checkpoints = Directory.CreateTempSubdirectory("hyperkernels-profile-").FullName;
        try
        {
            TrainOptions options = new(
                recipe.Name, TrainCommand.DataFolder(parsed.GetValue(s_data)), null, WarmUp + steps, parsed.GetValue(s_seed), device, checkpoints, Resume: false);
            terminal.WithProgress(recipe.Name, bar => recipe.Run(options, new Bar(bar), interrupt.Token));
        }
        finally
        {
            Directory.Delete(checkpoints, recursive: true);
        }
        return Show(terminal, recipe, device, profile, limits, output);
    }

    private static int Show(Terminal terminal, IRecipe recipe, Device device, OpProfile profile, MachineLimits limits, string output)
    {
        // A recipe may train several times, and count anew.
        StepRecord[] steps = [.. profile.Steps.Where(static step => step.Number >= WarmUp)];
        if (steps.Length == 0)
        {
            throw new CheckFailedException($"profile: the recipe {recipe.Name} made no step after the first {WarmUp}: there is nothing to look at.");
        }
        OpRecord[] ops = [.. profile.Ops.Where(static op => op.Step >= WarmUp)];
        double stepMs = Ms(steps.Sum(static step => step.Seconds), steps);
        double opsMs = Ms(ops.Sum(static op => op.Seconds), steps);
        string title = string.Create(CultureInfo.InvariantCulture, $"{recipe.Name}: {stepMs:G4} ms a step, {steps.Length} steps on {device.Name}, {device.Threads} threads");
        string speedscope = Path.Combine(output, "profile.speedscope.json");
        using (FileStream file = File.Create(speedscope))
        {
            Speedscope.Write(file, title, ops);
        }
        string flame = Path.Combine(output, "flame.svg");
        CallTree tree = CallTree.Of("training steps", ops, (stepMs - opsMs) * steps.Length / 1e3);
        File.WriteAllText(flame, FlameGraph.Svg(tree, title));
        ProfileReport report = new(
            recipe.Name, device.Name, device.Threads, steps.Length, stepMs, opsMs, stepMs - opsMs, Ms(steps.Sum(static step => step.Profiling), steps),
            limits.PeakGflops, limits.CopyGbps, [.. Rows(ops, steps, stepMs, limits)], Path.GetFullPath(speedscope), Path.GetFullPath(flame));
        if (terminal.Json)
        {
            Terminal.Document(report, ReportJson.Plain.ProfileReport);
            return ExitCode.Ok;
        }
        terminal.Table(["op", "pass", "calls", "ms", "of step", "MB", "GFLOP/s", "GB/s", "of bound"],
            [.. report.Ops.Select(static r => (string[])
            [
                r.Op, r.Pass, $"{r.Calls:G4}", $"{r.Ms:F3}", $"{r.ShareOfStep:P1}", $"{r.Bytes / 1e6:F2}", $"{r.Gflops:F1}", $"{r.Gbps:F1}", $"{r.ShareOfBound:P0}",
            ])]);
        terminal.Line(string.Create(
            CultureInfo.InvariantCulture,
            $"{stepMs:F3} ms a step = {opsMs:F3} in ops + {report.UnaccountedMs:F3} outside ({report.UnaccountedMs / stepMs:P1}); profiling: {report.ProfilingMs:F3} more."));
        terminal.Line(string.Create(
            CultureInfo.InvariantCulture,
            $"{device.Name}, {device.Threads} threads: peak {limits.PeakGflops:F1} GFLOP/s, copy {limits.CopyGbps:F1} GB/s (both measured now); above 100 %: data in caches."));
        terminal.Line($"{speedscope} opens in speedscope; {flame} in a browser.");
        return ExitCode.Ok;
    }

    private static IEnumerable<ProfileRow> Rows(OpRecord[] ops, StepRecord[] steps, double stepMs, MachineLimits limits) =>
        from op in ops
        group op by (op.Name, op.Pass) into all
        let seconds = all.Sum(static op => op.Seconds)
        let bytes = all.Sum(static op => (double)op.Bytes)
        let operations = all.Sum(static op => op.Operations)
        let bound = all.Sum(op => Math.Max(op.Operations / limits.PeakGflops, op.Bytes / limits.CopyGbps)) / 1e9
        orderby seconds descending
        select new ProfileRow(
            all.Key.Name, all.Key.Pass.ToString().ToLowerInvariant(), (double)all.Count() / steps.Length, Ms(seconds, steps), Ms(seconds, steps) / stepMs, bytes / steps.Length,
            operations / seconds / 1e9, bytes / seconds / 1e9, bound / seconds);

    private static double Ms(double seconds, StepRecord[] steps) => seconds / steps.Length * 1e3;

    private sealed class Bar(Action<double, string> bar) : IProgress<TrainProgress>
    {
        public void Report(TrainProgress value) => bar(value.Steps == 0 ? 1 : (double)value.Step / value.Steps, value.Words);
    }
}
