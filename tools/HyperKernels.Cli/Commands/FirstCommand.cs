using System.CommandLine;
using HyperKernels.Cli.Reports;
using HyperKernels.Layers;

namespace HyperKernels.Cli.Commands;

/// <summary><c>first</c>: one answer and out. <c>bench/peers/run</c> times it from the start of the process.</summary>
internal static class FirstCommand
{
    public static Command Create()
    {
        Command command = new("first", "Compute one answer of a tiny network and leave: time it to learn what a cold start costs.");
        command.SetAction(parsed => Run(new Terminal(parsed)));
        return command;
    }

    private static int Run(Terminal terminal)
    {
        // The default device is found by loading every driver; PoCL with its compiler alone takes as long as the rest of the process.
        using DeviceUse use = Device.Use(Device.Cpu);
        using MemoryScope scope = Device.Cpu.Scope();
        using Mlp net = new([8, 16, 10], random: new RandomStream(1));
        float[] logits = net.Forward(Tensor.Ones([1, 8])).ToArray();
        if (terminal.Json)
        {
            Terminal.Document(new FirstReport(logits), ReportJson.Plain.FirstReport);
            return ExitCode.Ok;
        }
        terminal.Line(string.Join(' ', logits.Select(value => $"{value:F4}")));
        return ExitCode.Ok;
    }
}
