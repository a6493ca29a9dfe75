# One image for web, worker and speech service; the command decides which.
FROM python:3.11-slim-bookworm
WORKDIR /app
RUN useradd --uid 1000 --create-home voicelab && mkdir /data && chown voicelab /data
COPY locks locks
RUN pip install --no-cache-dir --no-deps --require-hashes -r locks/app.txt -r locks/nodeps.txt
COPY . .
RUN pybabel compile -q -d locale -D django
USER voicelab
ENV VOICELAB_DATA_DIR=/data OMP_NUM_THREADS=1 PYTHONUNBUFFERED=1 PYTHONPATH=/app
# With a key named here none is made and kept in the image.
RUN SECRET_KEY=of-no-use-after-this python manage.py collectstatic --noinput
ENV PRODUCTION=on
EXPOSE 8000 8001
