using System.Text;
using HyperKernels.Backends.Gpu;
using static HyperKernels.Backends.OpenCL.OpenCLApi;
using static HyperKernels.Backends.OpenCL.OpenCLErrors;

namespace HyperKernels.Backends.OpenCL;

/// <summary>A device through OpenCL 1.2: one context, one queue in order.</summary>
internal sealed unsafe class OpenCLDevice : IGpuDevice
{
    private const ulong ReadWrite = 1;
    private const uint CompileWorkGroupSize = 0x11B1;
    private const uint BuildLog = 0x1183;

    // Kernels keep their arguments between calls, so that setting them and launching is one step.
    private readonly Lock _gate = new();
    private readonly nint _device;
    private readonly nint _context;
    private readonly nint _queue;
    private readonly string _options;

    public OpenCLDevice(OpenCLChoice choice)
    {
        _device = choice.Device;
        Description = choice.Description;
        ComputeUnits = choice.ComputeUnits;
        _options = "-cl-std=CL1.2" + (choice.RoundsDivision ? " -cl-fp32-correctly-rounded-divide-sqrt" : "");
        int status;
        nint device = _device;
        _context = clCreateContext(null, 1, &device, 0, 0, &status);
        Check(status, nameof(clCreateContext), Description);
        _queue = clCreateCommandQueue(_context, _device, 0, &status);
        Check(status, nameof(clCreateCommandQueue), Description);
    }

    public string Name => "opencl";

    public string Description { get; }

    public int ComputeUnits { get; }

    public GpuBuffer Allocate(long bytes)
    {
        int status;
        nint memory = clCreateBuffer(_context, ReadWrite, (nuint)bytes, null, &status);
        Check(status, nameof(clCreateBuffer), $"{bytes:N0} bytes");
        return new GpuBuffer(this, memory, bytes);
    }

    public void Free(nint handle) => _ = clReleaseMemObject(handle);

    public IGpuModule Build(KernelSource source)
    {
        int status;
        nint program;
        byte[] text = Encoding.UTF8.GetBytes(source.Text);
        fixed (byte* start = text)
        {
            byte* first = start;
            nuint length = (nuint)text.Length;
            program = clCreateProgramWithSource(_context, 1, &first, &length, &status);
            Check(status, nameof(clCreateProgramWithSource), source.File);
        }
        nint device = _device;
        fixed (byte* options = Encoding.UTF8.GetBytes(_options + "\0"))
        {
            status = clBuildProgram(program, 1, &device, options, 0, 0);
        }
        return status == Success
            ? new OpenCLModule(this, program, source.File)
            : throw new KernelBuildException($"{Text(nameof(clBuildProgram), status, $"{source.File} on '{Description}'")} Log:\n{Log(program)}");
    }

    public void Launch(GpuKernel kernel, int groups, ReadOnlySpan<KernelArgument> arguments)
    {
        lock (_gate)
        {
            uint index = 0;
            foreach (ref readonly KernelArgument argument in arguments)
            {
                long bits = argument.Bits;
                int status;
                if (argument.IsBuffer)
                {
                    nint memory = argument.Buffer?.Handle ?? 0;
                    status = clSetKernelArg(kernel.Handle, index, (nuint)sizeof(nint), memory == 0 ? null : &memory);
                    status = status != Success ? status : clSetKernelArg(kernel.Handle, ++index, sizeof(long), &bits);
                }
                else
                {
                    status = clSetKernelArg(kernel.Handle, index, (nuint)argument.Size, argument.Structure is null ? &bits : argument.Structure);
                }
                if (status != Success)
                {
                    throw new DeviceException(Text(nameof(clSetKernelArg), status, $"argument {index} of {kernel.Name}"));
                }
                index++;
            }
            nuint groupSize = (nuint)kernel.GroupSize;
            nuint size = (nuint)groups * groupSize;
            Check(clEnqueueNDRangeKernel(_queue, kernel.Handle, 1, null, &size, &groupSize, 0, null, null), nameof(clEnqueueNDRangeKernel), kernel.Name);
        }
    }

    public void Upload(ReadOnlySpan<byte> source, BufferRef destination)
    {
        fixed (byte* start = source)
        {
            Check(
                clEnqueueWriteBuffer(_queue, Handle(destination), 1, (nuint)(destination.Offset * 4), (nuint)source.Length, start, 0, null, null),
                nameof(clEnqueueWriteBuffer), $"{source.Length:N0} bytes");
        }
    }

    public void Download(BufferRef source, Span<byte> destination)
    {
        fixed (byte* start = destination)
        {
            Check(
                clEnqueueReadBuffer(_queue, Handle(source), 1, (nuint)(source.Offset * 4), (nuint)destination.Length, start, 0, null, null),
                nameof(clEnqueueReadBuffer), $"{destination.Length:N0} bytes");
        }
    }

    public void Fill(BufferRef destination, long count, int bits) =>
        Check(
            clEnqueueFillBuffer(_queue, Handle(destination), &bits, sizeof(int), (nuint)(destination.Offset * 4), (nuint)(count * 4), 0, null, null),
            nameof(clEnqueueFillBuffer), $"{count:N0} elements");

    public void Synchronize() => Check(clFinish(_queue), nameof(clFinish), Description);

    public void Dispose()
    {
        _ = clFinish(_queue);
        _ = clReleaseCommandQueue(_queue);
        _ = clReleaseContext(_context);
    }

    private static nint Handle(BufferRef place) => ((GpuBuffer)place.Buffer).Handle;

    private string Log(nint program)
    {
        nuint length;
        if (clGetProgramBuildInfo(program, _device, BuildLog, 0, null, &length) != Success || length == 0)
        {
            return "(none)";
        }
        byte[] log = new byte[length];
        fixed (byte* start = log)
        {
            _ = clGetProgramBuildInfo(program, _device, BuildLog, length, start, null);
        }
        return Encoding.UTF8.GetString(log).TrimEnd('\0', '\n');
    }

    private sealed class OpenCLModule(OpenCLDevice device, nint program, string file) : IGpuModule
    {
        public GpuKernel Find(string name)
        {
            int status;
            nint kernel = clCreateKernel(program, name, &status);
            Check(status, nameof(clCreateKernel), $"{name} of {file}");
            nuint* groupSize = stackalloc nuint[3];
            Check(
                clGetKernelWorkGroupInfo(kernel, device._device, CompileWorkGroupSize, (nuint)(3 * sizeof(nuint)), groupSize, null),
                nameof(clGetKernelWorkGroupInfo), name);
            return new GpuKernel(name, kernel, (int)groupSize[0]);
        }
    }
}
