using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace WorkflowEngine.Crash.Tests.PowerLoss;

/// <summary>
/// A file system layer below SQLite (sqlite.org/vfs.html), registered as its default: it hands everything on to the real one, and for files of a <see cref="LossyDisk"/> notes
/// what was written and what was synchronised. A watched file in SQLite's memory is two words of ours, its methods and its <see cref="Opened"/>, and then the real file.
/// </summary>
internal static unsafe class LossyFileSystem
{
    private const int Words = 2;
    private const int Methods = 17; // Version 2: up to the shared memory; without memory mapping of the file itself.
    private const int VfsWords = 22;
    private const int Open = 5; // Word of xOpen in sqlite3_vfs, then xDelete.

    private static readonly List<LossyDisk> Disks = [];
    private static readonly nint* Table = (nint*)NativeMemory.AllocZeroed((nuint)(Methods * sizeof(nint)));
    private static readonly nint* Real;

    static LossyFileSystem()
    {
        SQLitePCL.Batteries_V2.Init();
        Table[0] = 2;
        Table[1] = (nint)(delegate* unmanaged[Cdecl]<nint*, int>)&Close;
        Table[2] = (nint)(delegate* unmanaged[Cdecl]<nint*, byte*, int, long, int>)&Read;
        Table[3] = (nint)(delegate* unmanaged[Cdecl]<nint*, byte*, int, long, int>)&Write;
        Table[4] = (nint)(delegate* unmanaged[Cdecl]<nint*, long, int>)&Truncate;
        Table[5] = (nint)(delegate* unmanaged[Cdecl]<nint*, int, int>)&Synchronise;
        Table[6] = (nint)(delegate* unmanaged[Cdecl]<nint*, nint, int>)&Size;
        Table[7] = (nint)(delegate* unmanaged[Cdecl]<nint*, int, int>)&Lock;
        Table[8] = (nint)(delegate* unmanaged[Cdecl]<nint*, int, int>)&Unlock;
        Table[9] = (nint)(delegate* unmanaged[Cdecl]<nint*, nint, int>)&CheckReservedLock;
        Table[10] = (nint)(delegate* unmanaged[Cdecl]<nint*, int, nint, int>)&Control;
        Table[11] = (nint)(delegate* unmanaged[Cdecl]<nint*, int>)&SectorSize;
        Table[12] = (nint)(delegate* unmanaged[Cdecl]<nint*, int>)&Characteristics;
        Table[13] = (nint)(delegate* unmanaged[Cdecl]<nint*, int, int, int, nint, int>)&SharedMap;
        Table[14] = (nint)(delegate* unmanaged[Cdecl]<nint*, int, int, int, int>)&SharedLock;
        Table[15] = (nint)(delegate* unmanaged[Cdecl]<nint*, void>)&SharedBarrier;
        Table[16] = (nint)(delegate* unmanaged[Cdecl]<nint*, int, int>)&SharedUnmap;

        Real = Find(0);
        var ours = (nint*)NativeMemory.Alloc((nuint)(VfsWords * sizeof(nint)));
        new ReadOnlySpan<nint>(Real, VfsWords).CopyTo(new Span<nint>(ours, VfsWords));
        ((int*)ours)[1] += Words * sizeof(nint); // szOsFile
        ours[2] = 0; // pNext
        ours[3] = Marshal.StringToCoTaskMemUTF8("lossy");
        ours[Open] = (nint)(delegate* unmanaged[Cdecl]<nint*, byte*, nint*, int, int*, int>)&OpenFile;
        ours[Open + 1] = (nint)(delegate* unmanaged[Cdecl]<nint*, byte*, int, int>)&DeleteFile;
        if (Register(ours, makeDefault: 1) != 0)
        {
            throw new InvalidOperationException("SQLite refused the file system layer.");
        }
    }

    public static void Watch(LossyDisk disk)
    {
        lock (Disks)
        {
            Disks.Add(disk);
        }
    }

    public static void Forget(LossyDisk disk)
    {
        lock (Disks)
        {
            Disks.Remove(disk);
        }
    }

    private static LossyDisk? DiskOf(string? path)
    {
        lock (Disks)
        {
            return path is null ? null : Disks.Find(disk => path.StartsWith(disk.Folder, StringComparison.Ordinal));
        }
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int OpenFile(nint* vfs, byte* name, nint* file, int flags, int* outFlags)
    {
        var open = (delegate* unmanaged[Cdecl]<nint*, byte*, nint*, int, int*, int>)Real[Open];
        var path = Marshal.PtrToStringUTF8((nint)name);
        if (DiskOf(path) is not { } disk)
        {
            return open(Real, name, file, flags, outFlags); // The real file lies where SQLite looks for it: nothing more of it comes by here.
        }

        file[0] = 0; // SQLite closes a file that did not open only if it has methods.
        var content = disk.Open(path!); // Before the real one makes the file.
        var result = open(Real, name, file + Words, flags, outFlags);
        if (result == 0)
        {
            file[0] = (nint)Table;
            file[1] = GCHandle.ToIntPtr(GCHandle.Alloc(new Opened(disk, content)));
        }

        return result;
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int DeleteFile(nint* vfs, byte* name, int synchronises)
    {
        var path = Marshal.PtrToStringUTF8((nint)name);
        DiskOf(path)?.Delete(path!, synchronises != 0);
        return ((delegate* unmanaged[Cdecl]<nint*, byte*, int, int>)Real[Open + 1])(Real, name, synchronises);
    }

    private static Opened Of(nint* file) => (Opened)GCHandle.FromIntPtr(file[1]).Target!;

    private static nint Method(nint* file, int number) => ((nint*)file[Words])[number];

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int Close(nint* file)
    {
        GCHandle.FromIntPtr(file[1]).Free();
        return ((delegate* unmanaged[Cdecl]<nint*, int>)Method(file, 1))(file + Words);
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int Read(nint* file, byte* bytes, int count, long offset) => ((delegate* unmanaged[Cdecl]<nint*, byte*, int, long, int>)Method(file, 2))(file + Words, bytes, count, offset);

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int Write(nint* file, byte* bytes, int count, long offset)
    {
        var opened = Of(file);
        opened.Content.Write(offset, new ReadOnlySpan<byte>(bytes, count));
        opened.Disk.OnChange();
        return ((delegate* unmanaged[Cdecl]<nint*, byte*, int, long, int>)Method(file, 3))(file + Words, bytes, count, offset);
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int Truncate(nint* file, long length)
    {
        Of(file).Content.Truncate(length);
        return ((delegate* unmanaged[Cdecl]<nint*, long, int>)Method(file, 4))(file + Words, length);
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int Synchronise(nint* file, int flags)
    {
        var opened = Of(file);
        opened.Disk.Synchronise(opened.Content);
        return ((delegate* unmanaged[Cdecl]<nint*, int, int>)Method(file, 5))(file + Words, flags);
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int Size(nint* file, nint size) => ((delegate* unmanaged[Cdecl]<nint*, nint, int>)Method(file, 6))(file + Words, size);

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int Lock(nint* file, int level) => ((delegate* unmanaged[Cdecl]<nint*, int, int>)Method(file, 7))(file + Words, level);

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int Unlock(nint* file, int level) => ((delegate* unmanaged[Cdecl]<nint*, int, int>)Method(file, 8))(file + Words, level);

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int CheckReservedLock(nint* file, nint result) => ((delegate* unmanaged[Cdecl]<nint*, nint, int>)Method(file, 9))(file + Words, result);

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int Control(nint* file, int operation, nint argument) => ((delegate* unmanaged[Cdecl]<nint*, int, nint, int>)Method(file, 10))(file + Words, operation, argument);

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int SectorSize(nint* file) => ((delegate* unmanaged[Cdecl]<nint*, int>)Method(file, 11))(file + Words);

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int Characteristics(nint* file) => ((delegate* unmanaged[Cdecl]<nint*, int>)Method(file, 12))(file + Words);

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int SharedMap(nint* file, int page, int size, int extends, nint memory)
        => ((delegate* unmanaged[Cdecl]<nint*, int, int, int, nint, int>)Method(file, 13))(file + Words, page, size, extends, memory);

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int SharedLock(nint* file, int offset, int count, int flags) => ((delegate* unmanaged[Cdecl]<nint*, int, int, int, int>)Method(file, 14))(file + Words, offset, count, flags);

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void SharedBarrier(nint* file) => ((delegate* unmanaged[Cdecl]<nint*, void>)Method(file, 15))(file + Words);

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int SharedUnmap(nint* file, int deletes) => ((delegate* unmanaged[Cdecl]<nint*, int, int>)Method(file, 16))(file + Words, deletes);

    [DllImport("e_sqlite3", EntryPoint = "sqlite3_vfs_find")]
    private static extern nint* Find(nint name);

    [DllImport("e_sqlite3", EntryPoint = "sqlite3_vfs_register")]
    private static extern int Register(nint* vfs, int makeDefault);

    private sealed record Opened(LossyDisk Disk, LossyFile Content);
}
