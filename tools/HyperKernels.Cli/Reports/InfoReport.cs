namespace HyperKernels.Cli.Reports;

/// <summary>What <c>info</c> tells about the machine and the engine.</summary>
internal sealed record InfoReport(
    string Version,
    string Runtime,
    string OperatingSystem,
    string Processor,
    int Cores,
    int VectorWidth,
    int Threads,
    IReadOnlyList<DeviceReport> Devices,
    MemoryReport Memory);

/// <summary>A backend, and why it is absent if it is.</summary>
internal sealed record DeviceReport(string Name, bool Available, string Description, string Reason);

/// <summary>The counters of the processor's memory pool.</summary>
internal sealed record MemoryReport(long LiveTensors, long LiveBytes, long PooledBytes, long PeakBytes, long SystemAllocations);
