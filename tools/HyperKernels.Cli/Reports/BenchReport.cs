namespace HyperKernels.Cli.Reports;

/// <summary>What one op at one size took. Spreads are the middle half's width over the median. Row is that of a suite's table.</summary>
/// <remarks>
/// LineNs is what a cache line costs that one thread wrote and another reads, measured right after the forward runs; null on one thread and on a GPU.
/// ForwardBytes and BytesPerRecord are managed bytes: of one forward run, and of a training run over the ops that it records.
/// </remarks>
internal sealed record BenchReport(
    int? Row,
    string Op,
    string Sizes,
    string Backend,
    int Threads,
    string Plan,
    double ForwardMs,
    double ForwardSpread,
    double? TrainMs,
    double? TrainSpread,
    double Gflops,
    double Gbps,
    double ShareOfPeak,
    double ShareOfBandwidth,
    double PeakGflops,
    double CopyGbps,
    double? LineNs,
    long ForwardBytes,
    double? BytesPerRecord);
