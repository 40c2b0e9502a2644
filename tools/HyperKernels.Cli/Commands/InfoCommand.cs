using System.CommandLine;
using HyperKernels.Cli.Reports;

namespace HyperKernels.Cli.Commands;

/// <summary><c>info</c>: version, machine, devices and why a backend is absent.</summary>
internal static class InfoCommand
{
    public static Command Create()
    {
        Command command = new("info", "Show version, processor, vector width, threads, and the devices with the reason for absent ones.");
        command.SetAction(parsed => Run(new Terminal(parsed)));
        return command;
    }

    private static int Run(Terminal terminal)
    {
        Device cpu = Device.Cpu;
        DeviceMemory memory = cpu.Memory;
        InfoReport report = new(
            Machine.Version,
            Machine.Runtime,
            Machine.OperatingSystem,
            Machine.Processor,
            Environment.ProcessorCount,
            cpu.VectorWidth,
            cpu.Threads,
            [.. Device.All.Select(d => new DeviceReport(d.Name, d.IsAvailable, d.Description, d.Reason))],
            new MemoryReport(memory.LiveTensors, memory.LiveBytes, memory.PooledBytes, memory.PeakBytes, memory.SystemAllocations));
        if (terminal.Json)
        {
            Terminal.Document(report, ReportJson.Plain.InfoReport);
            return ExitCode.Ok;
        }
        terminal.Table(["what", "value"],
        [
            ["version", report.Version],
            ["runtime", report.Runtime],
            ["system", report.OperatingSystem],
            ["processor", report.Processor],
            ["cores", $"{report.Cores}"],
            ["vector width", report.VectorWidth == 32 ? "scalar" : $"{report.VectorWidth} bits"],
            ["threads", $"{report.Threads}"],
            ["memory", $"{memory.LiveTensors} live tensors, {memory.LiveBytes:N0} bytes live, {memory.PooledBytes:N0} pooled, {memory.PeakBytes:N0} peak"],
        ]);
        terminal.Table(["device", "available", "description or reason"],
            [.. report.Devices.Select(d => (string[])[d.Name, d.Available ? "yes" : "no", d.Available ? d.Description : d.Reason])]);
        return ExitCode.Ok;
    }
}
