namespace WorkflowEngine.Crash.Tests.PowerLoss;

/// <summary>A folder whose files are watched by <see cref="LossyFileSystem"/>: at any write one can ask what would be left of it if the power went now.</summary>
internal sealed class LossyDisk : IDisposable
{
    private readonly Dictionary<string, LossyFile> _files = new(StringComparer.Ordinal);
    private readonly Dictionary<string, byte[]> _deleted = new(StringComparer.Ordinal);

    public LossyDisk()
    {
        Folder = Directory.CreateTempSubdirectory("power-").FullName;
        LossyFileSystem.Watch(this);
    }

    public string Folder { get; }

    /// <summary>A disk that says "done" to a synchronisation and keeps nothing: the negative control.</summary>
    public bool Lies { get; set; }

    /// <summary>Called after each write and before each synchronisation.</summary>
    public Action OnChange { get; set; } = static () => { };

    public LossyFile Open(string path)
    {
        _deleted.Remove(path);
        if (!_files.TryGetValue(path, out var file))
        {
            _files[path] = file = LossyFile.Of(File.Exists(path) ? File.ReadAllBytes(path) : []);
        }

        return file;
    }

    /// <param name="path">The file.</param>
    /// <param name="isDurable">The folder is synchronised after it, and with that every earlier deletion.</param>
    public void Delete(string path, bool isDurable)
    {
        if (_files.Remove(path, out var file))
        {
            _deleted[path] = file.AfterPowerLoss(new Random(0));
        }

        if (isDurable && !Lies)
        {
            _deleted.Clear();
        }
    }

    public void Synchronise(LossyFile file)
    {
        OnChange();
        if (!Lies)
        {
            file.Synchronise();
        }
    }

    /// <summary>What is left of every file, by name. A deleted file may be there again, unless the folder was synchronised.</summary>
    public Dictionary<string, byte[]> AfterPowerLoss(Random random)
    {
        var left = _files.ToDictionary(file => Path.GetFileName(file.Key), file => file.Value.AfterPowerLoss(random), StringComparer.Ordinal);
        foreach (var (path, content) in _deleted)
        {
            if (random.Next(2) == 0)
            {
                left[Path.GetFileName(path)] = content;
            }
        }

        return left;
    }

    public void Dispose()
    {
        LossyFileSystem.Forget(this);
        Directory.Delete(Folder, recursive: true);
    }
}
