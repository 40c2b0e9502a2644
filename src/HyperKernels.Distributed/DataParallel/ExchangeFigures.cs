namespace HyperKernels.Distributed;

/// <summary>What a process exchanged with the others.</summary>
/// <param name="Passes">Backward passes.</param>
/// <param name="SummedBytes">Of gradients that were summed.</param>
/// <param name="GatheredBytes">Of factors that were gathered: those of all processes.</param>
/// <param name="Waited">From the end of backward passes until all had come and were in place.</param>
public readonly record struct ExchangeFigures(long Passes, long SummedBytes, long GatheredBytes, TimeSpan Waited);
