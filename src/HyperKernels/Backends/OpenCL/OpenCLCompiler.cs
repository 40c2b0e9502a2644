using System.Text;
using HyperKernels.Backends.Gpu;
using static HyperKernels.Backends.OpenCL.OpenCLApi;
using static HyperKernels.Backends.OpenCL.OpenCLErrors;

namespace HyperKernels.Backends.OpenCL;

/// <summary>Builds files of kernels for one device, or loads them from the cache.</summary>
internal sealed unsafe class OpenCLCompiler
{
    private const uint BuildLog = 0x1183;
    private const uint ProgramBinarySizes = 0x1165;
    private const uint ProgramBinaries = 0x1166;
    private const uint CompileWorkGroupSize = 0x11B1;

    private readonly OpenCLChoice _choice;
    private readonly nint _context;
    private readonly KernelCache _cache;
    private readonly string _options;

    public OpenCLCompiler(OpenCLChoice choice, nint context, KernelCache cache)
    {
        _choice = choice;
        _context = context;
        _cache = cache;
        _options = "-cl-std=CL1.2" + (choice.RoundsDivision ? " -cl-fp32-correctly-rounded-divide-sqrt" : "");
    }

    public IGpuModule Build(KernelSource source)
    {
        string key = KernelCache.Key("opencl", source.Text, _options, _choice.Description, _choice.Driver);
        byte[]? binary = _cache.Read(key);
        // A driver may refuse what it once wrote; then the source decides.
        nint program = binary is null ? 0 : Load(binary);
        if (program == 0)
        {
            program = Compile(source);
            if (Binary(program) is byte[] built)
            {
                _cache.Write(key, built);
            }
        }
        return new Module(_choice.Device, program, source.File);
    }

    private nint Compile(KernelSource source)
    {
        int status;
        nint program;
        byte[] text = Encoding.UTF8.GetBytes(source.Text);
        fixed (byte* start = text)
        {
            byte* first = start;
            nuint length = (nuint)text.Length;
            program = clCreateProgramWithSource(_context, 1, &first, &length, &status);
        }
        Check(status, nameof(clCreateProgramWithSource), source.File);
        status = BuildProgram(program);
        if (status != Success)
        {
            string log = Log(program);
            _ = clReleaseProgram(program);
            throw new KernelBuildException($"{Text(nameof(clBuildProgram), status, $"{source.File} on '{_choice.Description}'")} Log:\n{log}");
        }
        return program;
    }

    private nint Load(byte[] binary)
    {
        nint device = _choice.Device;
        int loaded;
        int status;
        nint program;
        fixed (byte* start = binary)
        {
            byte* first = start;
            nuint length = (nuint)binary.Length;
            program = clCreateProgramWithBinary(_context, 1, &device, &length, &first, &loaded, &status);
        }
        if (status == Success && BuildProgram(program) == Success)
        {
            return program;
        }
        if (program != 0)
        {
            _ = clReleaseProgram(program);
        }
        return 0;
    }

    private int BuildProgram(nint program)
    {
        nint device = _choice.Device;
        fixed (byte* options = Encoding.UTF8.GetBytes(_options + "\0"))
        {
            return clBuildProgram(program, 1, &device, options, 0, 0);
        }
    }

    private static byte[]? Binary(nint program)
    {
        nuint size;
        if (clGetProgramInfo(program, ProgramBinarySizes, (nuint)sizeof(nuint), &size, null) != Success || size == 0)
        {
            return null;
        }
        byte[] binary = new byte[size];
        fixed (byte* start = binary)
        {
            byte* first = start;
            return clGetProgramInfo(program, ProgramBinaries, (nuint)sizeof(byte*), &first, null) == Success ? binary : null;
        }
    }

    private string Log(nint program)
    {
        nuint length;
        if (clGetProgramBuildInfo(program, _choice.Device, BuildLog, 0, null, &length) != Success || length == 0)
        {
            return "(none)";
        }
        byte[] log = new byte[length];
        fixed (byte* start = log)
        {
            _ = clGetProgramBuildInfo(program, _choice.Device, BuildLog, length, start, null);
        }
        return Encoding.UTF8.GetString(log).TrimEnd('\0', '\n');
    }

    private sealed class Module(nint device, nint program, string file) : IGpuModule
    {
        public GpuKernel Find(string name)
        {
            int status;
            nint kernel = clCreateKernel(program, name, &status);
            Check(status, nameof(clCreateKernel), $"{name} of {file}");
            nuint* groupSize = stackalloc nuint[3];
            Check(
                clGetKernelWorkGroupInfo(kernel, device, CompileWorkGroupSize, (nuint)(3 * sizeof(nuint)), groupSize, null),
                nameof(clGetKernelWorkGroupInfo), name);
            return new GpuKernel(name, kernel, (int)groupSize[0]);
        }
    }
}
