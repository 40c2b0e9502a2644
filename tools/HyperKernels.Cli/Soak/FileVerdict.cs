namespace HyperKernels.Cli.Soak;

/// <summary>What a reader did that it should not have done.</summary>
/// <param name="Kind">The same for findings that have one cause, most likely: what is kept once.</param>
/// <param name="Text">All of it.</param>
internal sealed record FileVerdict(string Kind, string Text);
