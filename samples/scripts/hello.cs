#:package HyperKernels@*-*
using HyperKernels;
Console.WriteLine(Ops.Softmax(Tensor.From([1f, 2f, 3f])));
