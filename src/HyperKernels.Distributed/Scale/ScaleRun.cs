namespace HyperKernels.Distributed;

/// <summary>A measured run.</summary>
/// <param name="Work">What it did.</param>
/// <param name="ComputeSeconds">Processor seconds a step of a process, outside of sums between processes.</param>
/// <param name="PackSeconds">Processor seconds a step of a process in sums between processes: packing, adding, copying; without waiting.</param>
/// <param name="PeakBytes">Of tensors, in the process that had most.</param>
public sealed record ScaleRun(ScaleWork Work, double ComputeSeconds, double PackSeconds, double PeakBytes);
