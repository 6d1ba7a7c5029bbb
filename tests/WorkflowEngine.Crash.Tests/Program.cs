using Xunit.Runner.InProc.SystemConsole;

// As every xunit v3 program, and `--long` for the long forms: the same tests with the rounds that docs/RELIABILITY.md reports.
if (args.Contains("--long"))
{
    Environment.SetEnvironmentVariable("CRASH_LONG", "1");
    args = [.. args.Where(argument => argument != "--long"), "-showLiveOutput", "-parallel", "none"];
}

return await ConsoleRunner.Run(args);
