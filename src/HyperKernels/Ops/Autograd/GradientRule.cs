namespace HyperKernels;

/// <summary>
/// Turns the gradients of an op's outputs into those of its inputs. Written in ops, it can itself be recorded and differentiated.
/// Rules are static: what they need from the forward pass is in <paramref name="saved"/>, so that recording makes one object and
/// not recording makes none.
/// </summary>
internal delegate void GradientRule<TSaved>(Gradients gradients, TSaved saved);
