package org.jpatroni.tidy;

import com.sun.source.tree.CompilationUnitTree;
import com.sun.source.tree.Tree;
import com.sun.source.util.JavacTask;
import com.sun.source.util.SourcePositions;
import com.sun.source.util.Trees;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import javax.tools.JavaFileObject;
import javax.tools.SimpleJavaFileObject;
import javax.tools.ToolProvider;

/** One Java source, parsed but not resolved: enough to see imports, names and sizes, and quick (under a second for the whole project). */
final class SourceFile {

    private final String name;
    private final String text;
    private final CompilationUnitTree unit;
    private final SourcePositions positions;

    private SourceFile(String name, String text, CompilationUnitTree unit, SourcePositions positions) {
        this.name = name;
        this.text = text;
        this.unit = unit;
        this.positions = positions;
    }

    /** All Java files below a folder, sorted by name. */
    static List<SourceFile> below(Path root) {
        try (Stream<Path> walk = Files.walk(root)) {
            List<JavaFileObject> texts = new ArrayList<>();
            for (Path path : walk.filter(p -> p.toString().endsWith(".java")).sorted().toList()) {
                texts.add(new Text(path.toString(), Files.readString(path)));
            }
            return parse(texts);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** A source given as text, for the tests of the rules themselves. */
    static SourceFile of(String name, String text) {
        return parse(List.of(new Text(name, text))).getFirst();
    }

    private static List<SourceFile> parse(List<JavaFileObject> texts) {
        if (texts.isEmpty()) {
            return List.of();
        }
        var compiler = ToolProvider.getSystemJavaCompiler();
        var fileManager = compiler.getStandardFileManager(null, null, StandardCharsets.UTF_8);
        var task = (JavacTask) compiler.getTask(null, fileManager, null, List.of("-proc:none"), null, texts);
        SourcePositions positions = Trees.instance(task).getSourcePositions();
        List<SourceFile> files = new ArrayList<>();
        try {
            for (CompilationUnitTree unit : task.parse()) {
                // The compiler wraps the file object, so name and text come back through its interface.
                JavaFileObject source = unit.getSourceFile();
                files.add(new SourceFile(source.getName(), source.getCharContent(true).toString(), unit, positions));
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return files;
    }

    String name() {
        return name;
    }

    String text() {
        return text;
    }

    CompilationUnitTree unit() {
        return unit;
    }

    /** The package below {@code org.jpatroni}, such as {@code dcs.etcd}; empty for the root and for foreign packages. */
    String room() {
        Tree packageName = unit.getPackageName();
        String full = packageName == null ? "" : packageName.toString();
        return full.startsWith(HouseRules.ROOT) ? full.substring(HouseRules.ROOT.length()) : "";
    }

    long firstLine(Tree tree) {
        return unit.getLineMap().getLineNumber(positions.getStartPosition(unit, tree));
    }

    long lastLine(Tree tree) {
        return unit.getLineMap().getLineNumber(positions.getEndPosition(unit, tree));
    }

    private static final class Text extends SimpleJavaFileObject {
        private final String fileName;
        private final String text;

        Text(String fileName, String text) {
            super(URI.create("text:///" + fileName.replace(' ', '_')), Kind.SOURCE);
            this.fileName = fileName;
            this.text = text;
        }

        @Override
        public String getName() { return fileName; }

        @Override
        public CharSequence getCharContent(boolean ignoreEncodingErrors) {
            return text;
        }
    }
}
