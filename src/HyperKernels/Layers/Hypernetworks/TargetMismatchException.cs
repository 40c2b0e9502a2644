namespace HyperKernels.Layers;

/// <summary>The caller's target is not the one that a file was written with: <see cref="HyperNetwork.Load"/> turns it into an argument's exception.</summary>
internal sealed class TargetMismatchException(string message) : Exception(message);
